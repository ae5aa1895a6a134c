package native

// constructSections are what expressions consist of besides functions.
func constructSections() []section { return nil }
