package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	// Whatever else writes to standard output would break the protocol: it goes where messages for people go.
	answers := os.Stdout
	os.Stdout = os.Stderr
	if err := newServer(answers).serve(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(70)
	}
}

func hello() object {
	return object{
		"protocol": protocolVersion,
		"adapter": object{
			"sdk": sdkName, "package": sdkModule, "version": sdkVersion(), "runtime": runtime.Version(),
		},
		"surfaces":    []string{"sync"},
		"operations":  operationNames(),
		"concurrency": concurrency,
	}
}

// sdkVersion is the version of the SDK this program was linked with.
func sdkVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == sdkModule {
				return module.Version[1:]
			}
		}
	}
	return "unknown"
}
