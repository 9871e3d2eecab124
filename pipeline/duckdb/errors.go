package duckdb

import (
	"context"
	"errors"
	"fmt"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// kindsWithoutValues are the engine's errors whose text is made of SQL, of
// names and of paths. The others ("Could not convert string …") quote what
// stood in the row.
var kindsWithoutValues = map[duckdb.ErrorType]bool{
	duckdb.ErrorTypeBinder:               true,
	duckdb.ErrorTypeCatalog:              true,
	duckdb.ErrorTypeIO:                   true,
	duckdb.ErrorTypeInternal:             true,
	duckdb.ErrorTypeFatal:                true,
	duckdb.ErrorTypeNotImplemented:       true,
	duckdb.ErrorTypeOutOfMemory:          true,
	duckdb.ErrorTypeParser:               true,
	duckdb.ErrorTypePermission:           true,
	duckdb.ErrorTypeSettings:             true,
	duckdb.ErrorTypeSyntax:               true,
	duckdb.ErrorTypeInvalidConfiguration: true,
	duckdb.ErrorTypeMissingExtension:     true,
	duckdb.ErrorTypeAutoLoad:             true,
	duckdb.ErrorTypeParameterNotAllowed:  true,
	duckdb.ErrorTypeParameterNotResolved: true,
}

// kindNames say what went wrong where the engine's own words are kept back.
var kindNames = map[duckdb.ErrorType]string{
	duckdb.ErrorTypeConversion:   "a value does not convert to the type asked for",
	duckdb.ErrorTypeOutOfRange:   "a value is out of the range of its type",
	duckdb.ErrorTypeDivideByZero: "division by zero",
	duckdb.ErrorTypeConstraint:   "a row breaks a constraint",
	duckdb.ErrorTypeInvalidInput: "a function does not take a value it was given",
}

// withoutValues gives an error of the engine in words that hold no value of a
// row, and a cancelled statement as the context's own error.
func withoutValues(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	var engine *duckdb.Error
	if !errors.As(err, &engine) {
		return err
	}
	if kindsWithoutValues[engine.Type] {
		return fmt.Errorf("%s", engine.Msg)
	}
	if name := kindNames[engine.Type]; name != "" {
		return fmt.Errorf("%s (kind %d; the engine's text is kept back, as it may quote the value)", name, engine.Type)
	}
	return fmt.Errorf("engine error of kind %d (its text is kept back, as it may quote a value)", engine.Type)
}
