package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A session is one client as a caller builds it, or why it cannot be built.
type session struct {
	client      *azopenai.Client
	config      clientConfig
	tokens      *countedTokens
	unsupported string
	failure     error
}

func openSession(config clientConfig) *session {
	opened := &session{config: config}
	switch {
	case config.Surface != "sync":
		opened.unsupported = "azopenai has one surface, which is synchronous"
	case config.Deployment != nil:
		opened.unsupported = "azopenai has no deployment of a client: every call names its own"
	case config.API == "v1":
		opened.unsupported = "azopenai has no client for the v1 surface of an Azure resource"
	}
	if opened.unsupported != "" {
		return opened
	}
	var key *azcore.KeyCredential
	if config.Auth.Kind == "api_key" {
		key = azcore.NewKeyCredential(config.Auth.Key)
	}
	options := clientOptions(config)
	switch config.Auth.Kind {
	case "token", "token_provider":
		opened.tokens = countTokens(givenTokens(config.Auth))
	case "credential":
		credential, err := newClientSecret(config.Auth.Authority)
		if err != nil {
			opened.failure = err
			return opened
		}
		opened.tokens = countTokens(credential)
	}
	if opened.tokens != nil {
		opened.client, opened.failure = azopenai.NewClient(config.Endpoint, opened.tokens, options)
	} else {
		opened.client, opened.failure = azopenai.NewClientWithKeyCredential(config.Endpoint, key, options)
	}
	return opened
}

func clientOptions(config clientConfig) *azopenai.ClientOptions {
	options := &azopenai.ClientOptions{}
	options.Retry = retryOptions(config.MaxRetries, config.TimeoutMS)
	keyed := config.Auth.Kind == "api_key" || config.Auth.Kind == "none"
	options.InsecureAllowCredentialWithHTTP = keyed && strings.HasPrefix(config.Endpoint, "http://")
	options.PerRetryPolicies = []policy.Policy{queryPolicy{}}
	return options
}

// retryOptions speaks azcore's language: 0 means its default, and less than nothing means none.
func retryOptions(retries *int, timeoutMS *int64) policy.RetryOptions {
	var options policy.RetryOptions
	if retries != nil {
		options.MaxRetries = int32(*retries)
		if *retries == 0 {
			options.MaxRetries = -1
		}
	}
	if timeoutMS != nil {
		options.TryTimeout = time.Duration(*timeoutMS) * time.Millisecond
	}
	return options
}

// call makes a call with this client. response becomes what the service answered, if it did.
func (s *session) call(ctx context.Context, made operation, asked message, limit *int,
	response **http.Response) (answer, error) {
	ctx = policy.WithCaptureResponse(s.callContext(ctx, asked.Options), response)
	return made(ctx, s.client, asked.Arguments, limit)
}

// callContext carries what is wanted of one call, by azcore's documented means.
func (s *session) callContext(ctx context.Context, given callOptions) context.Context {
	if given.MaxRetries != nil || given.TimeoutMS != nil {
		retries, timeout := given.MaxRetries, given.TimeoutMS
		if retries == nil {
			retries = s.config.MaxRetries
		}
		if timeout == nil {
			timeout = s.config.TimeoutMS
		}
		ctx = policy.WithRetryOptions(ctx, retryOptions(retries, timeout))
	}
	headers := http.Header{}
	for _, some := range []map[string]string{s.config.Headers, given.Headers} {
		for name, value := range some {
			headers.Set(name, value)
		}
	}
	if len(headers) > 0 {
		ctx = policy.WithHTTPHeader(ctx, headers)
	}
	query := map[string]string{"api-version": s.config.APIVersion}
	for name, value := range given.Query {
		query[name] = value
	}
	return context.WithValue(ctx, queryKey{}, query)
}

type queryKey struct{}

// queryPolicy is the caller's own policy: the library targets one api-version, refuses ClientOptions.APIVersion, and
// has no other way to reach another version than to rewrite what it wrote, on every try.
type queryPolicy struct{}

func (queryPolicy) Do(req *policy.Request) (*http.Response, error) {
	if wanted, ok := req.Raw().Context().Value(queryKey{}).(map[string]string); ok {
		query := req.Raw().URL.Query()
		for name, value := range wanted {
			query.Set(name, value)
		}
		req.Raw().URL.RawQuery = query.Encode()
	}
	return req.Next()
}
