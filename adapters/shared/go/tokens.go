package main

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

const (
	tenantID     = "00000000-0000-0000-0000-000000000001"
	clientID     = "00000000-0000-0000-0000-000000000002"
	clientSecret = "conformance-not-a-secret" // no directory knows it
)

// countedTokens counts how often the SDK asks a credential for a token.
type countedTokens struct {
	inner azcore.TokenCredential
	lock  sync.Mutex
	count int
}

func countTokens(inner azcore.TokenCredential) *countedTokens { return &countedTokens{inner: inner} }

func (c *countedTokens) GetToken(ctx context.Context, wish policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.lock.Lock()
	c.count++
	c.lock.Unlock()
	return c.inner.GetToken(ctx, wish)
}

func (c *countedTokens) calls() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.count
}

// tokenList answers its tokens in turn, the last for ever, each good for an hour.
type tokenList struct {
	lock   sync.Mutex
	tokens []string
}

func givenTokens(auth authConfig) *tokenList {
	tokens := auth.Tokens
	if auth.Kind == "token" && len(tokens) > 1 {
		tokens = tokens[:1]
	}
	return &tokenList{tokens: tokens}
}

func (l *tokenList) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	token := azcore.AccessToken{ExpiresOn: time.Now().Add(time.Hour)}
	if len(l.tokens) > 0 {
		token.Token = l.tokens[0]
	}
	if len(l.tokens) > 1 {
		l.tokens = l.tokens[1:]
	}
	return token, nil
}

// newClientSecret is the identity library's client-secret credential, at authority when there is one.
func newClientSecret(authority string) (azcore.TokenCredential, error) {
	options := &azidentity.ClientSecretCredentialOptions{}
	if authority != "" {
		options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: authority}
		options.DisableInstanceDiscovery = true // it is none that Microsoft's list of instances knows
	}
	return azidentity.NewClientSecretCredential(tenantID, clientID, clientSecret, options)
}
