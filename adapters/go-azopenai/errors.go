package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// publicTypes are the names under which callers know types of packages they cannot import.
var publicTypes = map[string]string{"exported.ResponseError": "azcore.ResponseError"}

// failure is what a caller can learn from an error. response is what the call got from the service, if anything.
func failure(err error, response *http.Response) object {
	found := object{"type": typeName(err), "kind": kindOf(err, response), "message": err.Error(), "bases": bases(err)}
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		found["status"] = refused.StatusCode
		found["code"] = nil
		if refused.ErrorCode != "" {
			found["code"] = refused.ErrorCode
		}
		found["body"] = bodyOf(refused.RawResponse)
		found["headers"] = headersOf(refused.RawResponse)
	}
	var filtered *azopenai.ContentFilterResponseError
	if errors.As(err, &filtered) && filtered.ContentFilterResults != nil {
		found["content_filter"] = asJSON(filtered.ContentFilterResults)
	}
	return found
}

// libraryKind is the kind of azcore's error, which is what Go callers look for.
func libraryKind(err error) string {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		return statusKind(refused.StatusCode)
	}
	return ""
}

// bases is the types that errors.As finds in err, nearest first; azcore's error is also found in those
// that have an As method for it.
func bases(err error) []string {
	names := wrappedTypes(err)
	var refused *azcore.ResponseError
	if errors.As(err, &refused) && !slices.Contains(names, typeName(refused)) {
		names = append(names, typeName(refused))
	}
	return names
}

// bodyOf is the error object of a refusal, or all of its body; azcore keeps it in RawResponse.
func bodyOf(response *http.Response) any {
	content, err := runtime.Payload(response)
	if err != nil || len(content) == 0 {
		return nil
	}
	var value any
	if json.Unmarshal(content, &value) != nil {
		return string(content)
	}
	if outer, ok := value.(object); ok {
		if inner, ok := outer["error"].(object); ok {
			return inner
		}
	}
	return value
}
