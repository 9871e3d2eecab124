package pipeline

import (
	"context"
	"sync"
)

// ordered does n pieces of work, workers at a time and at most ahead of them
// before the taker, and hands the results over in order. It returns when all
// work has ended; the first error of do or take cancels the rest.
func ordered[T any](ctx context.Context, n, workers, ahead int, do func(context.Context, int) (T, error), take func(int, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type result struct {
		value T
		err   error
	}
	results := make([]chan result, n)
	for i := range results {
		results[i] = make(chan result, 1)
	}
	slots := make(chan struct{}, max(workers, ahead))
	busy := make(chan struct{}, max(workers, 1))
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for i := range n {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				busy <- struct{}{}
				defer func() { <-busy }()
				var r result
				if r.err = context.Cause(ctx); r.err == nil {
					r.value, r.err = do(ctx, i)
				}
				results[i] <- r
			})
		}
	})
	for i := range n {
		select {
		case r := <-results[i]:
			if r.err == nil {
				r.err = take(i, r.value)
			}
			if r.err != nil {
				cancel(r.err)
				return r.err
			}
			<-slots
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
