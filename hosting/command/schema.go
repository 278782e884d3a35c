package command

import _ "embed" // of the schema

// Schema is the contract as JSON Schema (draft 2020-12).
//
//go:embed schema.json
var Schema []byte
