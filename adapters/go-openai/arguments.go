package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// without is the arguments but for the one called name, whose text it takes out.
func (a arguments) without(name string) (string, arguments) {
	var text string
	_ = json.Unmarshal(a[name], &text) // an id that is missing or no text is for the SDK to refuse
	rest := arguments{}
	for key, value := range a {
		if key != name {
			rest[key] = value
		}
	}
	return text, rest
}

// files takes out the arguments that are files, by name.
func (a arguments) files() (map[string][]io.Reader, arguments, error) {
	files, rest := map[string][]io.Reader{}, arguments{}
	for name, value := range a {
		given := []givenFile{{}}
		if json.Unmarshal(value, &given[0]) != nil || given[0].File == nil {
			if given = nil; json.Unmarshal(value, &given) != nil || len(given) == 0 || given[0].File == nil {
				rest[name] = value
				continue
			}
		}
		for _, one := range given {
			content, err := base64.StdEncoding.DecodeString(one.File.Base64)
			if err != nil {
				return nil, nil, fmt.Errorf("the file of argument %s: %w", name, err)
			}
			files[name] = append(files[name], openai.File(bytes.NewReader(content), one.File.Name, one.File.ContentType))
		}
	}
	return files, rest, nil
}

// one is the first of some files, or none.
func one(files []io.Reader) io.Reader {
	if len(files) == 0 {
		return nil
	}
	return files[0]
}

// query is options for arguments that travel in the query.
func (a arguments) query() []option.RequestOption {
	var options []option.RequestOption
	for name, value := range a {
		var items []json.RawMessage
		if json.Unmarshal(value, &items) == nil && items != nil {
			for _, item := range items {
				options = append(options, option.WithQueryAdd(name+"[]", plainText(item)))
			}
			continue
		}
		options = append(options, option.WithQuery(name, plainText(value)))
	}
	return options
}

func plainText(value json.RawMessage) string {
	if text, err := strconv.Unquote(string(value)); err == nil {
		return text
	}
	return string(value)
}

// extendable parameters take members that their type does not know.
type extendable[P any] interface {
	*P
	SetExtraFields(map[string]any)
}

// fill reads the arguments into the SDK's typed parameters. What those have no place for, or change on the way, is set
// with SetExtraFields, as the README says of fields the SDK does not know.
func fill[P any, T extendable[P]](target T, given arguments) error {
	whole, err := json.Marshal(given)
	if err != nil {
		return err
	}
	// What does not fit its type stands in the extra fields below.
	_ = json.Unmarshal(whole, target)
	var kept map[string]json.RawMessage
	if typed, err := json.Marshal(target); err == nil {
		_ = json.Unmarshal(typed, &kept)
	}
	extra := map[string]any{}
	for name, value := range given {
		if typed, known := kept[name]; !known || !sameJSON(typed, value) {
			extra[name] = value
		}
	}
	if len(extra) > 0 {
		target.SetExtraFields(extra)
	}
	return nil
}

func sameJSON(one, other json.RawMessage) bool {
	var a, b any
	return json.Unmarshal(one, &a) == nil && json.Unmarshal(other, &b) == nil && reflect.DeepEqual(a, b)
}
