package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/azure"
	"github.com/openai/openai-go/v3/option"
)

// A session is one client as a caller builds it, or why it cannot be built.
type session struct {
	client      openai.Client
	tokens      *countedTokens
	unsupported string
	failure     error
}

func openSession(config clientConfig) *session {
	opened := &session{}
	if config.Surface != "sync" {
		opened.unsupported = "openai-go has one surface, which is synchronous"
		return opened
	}
	if config.Deployment != nil {
		opened.unsupported = "openai-go's azure package has no deployment of a client: every request names its own"
		return opened
	}
	options := opened.authentication(config)
	if config.API == "v1" {
		options = append(options, option.WithBaseURL(strings.TrimRight(config.Endpoint, "/")+"/openai/v1/"))
	} else {
		options = append(options, azure.WithEndpoint(config.Endpoint, config.APIVersion))
	}
	options = append(options, perRequest(callOptions{
		MaxRetries: config.MaxRetries, TimeoutMS: config.TimeoutMS, Headers: config.Headers,
	})...)
	if opened.failure == nil {
		opened.client = openai.NewClient(options...)
	}
	return opened
}

// authentication is the options for a way to authenticate, in the package's own idiom.
func (s *session) authentication(config clientConfig) []option.RequestOption {
	auth := config.Auth
	switch auth.Kind {
	case "api_key":
		if config.API == "v1" {
			return []option.RequestOption{option.WithAPIKey(auth.Key)}
		}
		return []option.RequestOption{azure.WithAPIKey(auth.Key)}
	case "token", "token_provider":
		s.tokens = countTokens(givenTokens(auth))
	case "credential":
		var credential azcore.TokenCredential
		if credential, s.failure = newClientSecret(auth.Authority); s.failure != nil {
			return nil
		}
		s.tokens = countTokens(credential)
	default:
		return nil
	}
	return []option.RequestOption{azure.WithTokenCredential(s.tokens)}
}

// call makes a call with this client. response becomes what the service answered, if it did.
func (s *session) call(ctx context.Context, made operation, asked message, limit *int,
	response **http.Response) (answer, error) {
	options := append(perRequest(asked.Options), option.WithResponseInto(response))
	return made(ctx, &s.client, asked.Arguments, limit, options)
}

// perRequest is the documented options for one request, or as defaults for all of a client.
func perRequest(given callOptions) []option.RequestOption {
	var options []option.RequestOption
	if given.MaxRetries != nil {
		options = append(options, option.WithMaxRetries(*given.MaxRetries))
	}
	if given.TimeoutMS != nil {
		options = append(options, option.WithRequestTimeout(time.Duration(*given.TimeoutMS)*time.Millisecond))
	}
	for name, value := range given.Headers {
		options = append(options, option.WithHeader(name, value))
	}
	for name, value := range given.Query {
		options = append(options, option.WithQuery(name, value))
	}
	return options
}
