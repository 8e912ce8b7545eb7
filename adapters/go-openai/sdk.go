// Command adapter drives github.com/openai/openai-go/v3 with its azure package for the conformance
// harness: adapter protocol 1, one JSON object a line, over standard input and output.
package main

// The SDK this adapter drives: its name in the harness, what people call it, and its module.
const (
	sdkName    = "go-openai"
	sdkLibrary = "openai-go"
	sdkModule  = "github.com/openai/openai-go/v3"
)
