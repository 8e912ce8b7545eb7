// Command adapter drives Azure SDK for Go, sdk/ai/azopenai, for the conformance harness: adapter
// protocol 1, one JSON object a line, over standard input and output.
package main

// The SDK this adapter drives: its name in the harness, what people call it, and its module.
const (
	sdkName    = "go-azopenai"
	sdkLibrary = "azopenai"
	sdkModule  = "github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
)
