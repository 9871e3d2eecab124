package pipeline

// Accounts is Registry under its former name.
type Accounts = Registry

// NewAccounts is NewRegistry under its former name.
func NewAccounts() *Registry { return NewRegistry() }
