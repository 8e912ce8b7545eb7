package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai"
)

// noPlace says that the library's types have no place for what a call wants to send.
func noPlace(what string) error { return unsupportedCall{"azopenai has no place for " + what} }

// text is the argument called name; empty when it is missing or no text.
func (a arguments) text(name string) string {
	var text string
	_ = json.Unmarshal(a[name], &text)
	return text
}

// file is the argument called name as a file.
func (a arguments) file(name string) (content []byte, filename *string, err error) {
	var given givenFile
	if json.Unmarshal(a[name], &given) != nil || given.File == nil {
		return nil, nil, nil
	}
	content, err = base64.StdEncoding.DecodeString(given.File.Base64)
	return content, &given.File.Name, err
}

// fieldNames are fields called otherwise than the members they are sent as.
var fieldNames = map[string]string{
	"model": "DeploymentName", "data_sources": "AzureExtensionsOptions",
}

// fill sets the fields of an options struct of the library to the arguments of the same name, but for those in except.
// A member the library has no field for cannot be sent by a caller, and is not: a request that lacks it tells.
func fill(target any, given arguments, except ...string) error {
	options := reflect.ValueOf(target).Elem()
	for name, value := range given {
		if slices.Contains(except, name) || string(value) == "null" {
			continue
		}
		field := fieldOf(options, name)
		if !field.IsValid() {
			continue
		}
		if err := set(field, value); err != nil {
			return fmt.Errorf("argument %s: %w", name, err)
		}
	}
	return nil
}

func fieldOf(options reflect.Value, name string) reflect.Value {
	wanted, special := fieldNames[name]
	if !special {
		wanted = strings.ReplaceAll(name, "_", "")
	}
	return options.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, wanted) })
}

// set reads JSON into a field: the library's unions are built as its documentation says, the rest by their JSON.
func set(field reflect.Value, value json.RawMessage) error {
	switch target := field.Addr().Interface().(type) {
	case *[]azopenai.ChatRequestMessageClassification:
		return decodeEach(value, target, messageOf)
	case *[]azopenai.ChatCompletionsToolDefinitionClassification:
		return decodeEach(value, target, toolOf)
	case *[]azopenai.AzureChatExtensionConfigurationClassification:
		return decodeEach(value, target, dataSourceOf)
	case *azopenai.ChatCompletionsResponseFormatClassification:
		return decode(value, target, responseFormatOf)
	case **azopenai.PredictionContent:
		return decode(value, target, predictionOf)
	case **azopenai.ChatCompletionsOptionsFunctionCall:
		return decode(value, target, functionCallOf)
	case *[]string: // prompts, inputs and stops are lists here, also where one text would do
		if value[0] == '"' {
			value = json.RawMessage("[" + string(value) + "]")
		}
		if json.Unmarshal(value, target) != nil {
			return noPlace("anything but texts in " + field.Type().String())
		}
		return nil
	default:
		return json.Unmarshal(value, target)
	}
}

func decode[T any](value json.RawMessage, target *T, read func(json.RawMessage) (T, error)) error {
	found, err := read(value)
	if err == nil {
		*target = found
	}
	return err
}

func decodeEach[T any](value json.RawMessage, target *[]T, read func(json.RawMessage) (T, error)) error {
	var items []json.RawMessage
	if err := json.Unmarshal(value, &items); err != nil {
		return err
	}
	for _, item := range items {
		found, err := read(item)
		if err != nil {
			return err
		}
		*target = append(*target, found)
	}
	return nil
}

// into reads JSON into a new T.
func into[T any](value json.RawMessage) (*T, error) {
	found := new(T)
	return found, json.Unmarshal(value, found)
}

// kindOfUnion is the member that tells the variants of a union apart.
func kindOfUnion(value json.RawMessage, member string) string {
	var given map[string]json.RawMessage
	_ = json.Unmarshal(value, &given)
	return arguments(given).text(member)
}

func toolOf(value json.RawMessage) (azopenai.ChatCompletionsToolDefinitionClassification, error) {
	if kind := kindOfUnion(value, "type"); kind != "function" {
		return nil, noPlace("a tool of type " + kind)
	}
	return into[azopenai.ChatCompletionsFunctionToolDefinition](value)
}

func dataSourceOf(value json.RawMessage) (azopenai.AzureChatExtensionConfigurationClassification, error) {
	switch kind := kindOfUnion(value, "type"); kind {
	case "azure_search":
		return into[azopenai.AzureSearchChatExtensionConfiguration](value)
	case "azure_cosmos_db":
		return into[azopenai.AzureCosmosDBChatExtensionConfiguration](value)
	case "elasticsearch":
		return into[azopenai.ElasticsearchChatExtensionConfiguration](value)
	case "pinecone":
		return into[azopenai.PineconeChatExtensionConfiguration](value)
	case "mongo_db":
		return into[azopenai.MongoDBChatExtensionConfiguration](value)
	default:
		return nil, noPlace("a data source of type " + kind)
	}
}

func responseFormatOf(value json.RawMessage) (azopenai.ChatCompletionsResponseFormatClassification, error) {
	switch kind := kindOfUnion(value, "type"); kind {
	case "text":
		return &azopenai.ChatCompletionsTextResponseFormat{}, nil
	case "json_object":
		return &azopenai.ChatCompletionsJSONResponseFormat{}, nil
	case "json_schema":
		return into[azopenai.ChatCompletionsJSONSchemaResponseFormat](value)
	default:
		return nil, noPlace("a response format of type " + kind)
	}
}

func functionCallOf(value json.RawMessage) (*azopenai.ChatCompletionsOptionsFunctionCall, error) {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return &azopenai.ChatCompletionsOptionsFunctionCall{Value: &text}, nil
	}
	name := kindOfUnion(value, "name")
	return &azopenai.ChatCompletionsOptionsFunctionCall{IsFunction: true, Value: &name}, nil
}

func predictionOf(value json.RawMessage) (*azopenai.PredictionContent, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(value, &given); err != nil {
		return nil, err
	}
	kind := arguments(given).text("type")
	content, err := textContent(given["content"], azopenai.NewPredictionContentContent[string],
		azopenai.NewPredictionContentContent[[]azopenai.ChatMessageTextContentItem])
	return &azopenai.PredictionContent{Type: &kind, Content: content}, err
}
