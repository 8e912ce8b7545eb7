package main

import (
	"maps"
	"slices"
)

// A choiceSoFar is one choice of a stream, put together from its pieces. tools are its tool calls,
// in the order of their keys.
type choiceSoFar struct {
	role, text, refusal, reason, filter, context any
	tools                                        map[int64]object
}

// choicesSoFar are the choices of a stream, by their index.
type choicesSoFar map[int64]*choiceSoFar

// choice is the choice at index, which begins with its first piece.
func (c choicesSoFar) choice(index int64) *choiceSoFar {
	if c[index] == nil {
		c[index] = &choiceSoFar{tools: map[int64]object{}}
	}
	return c[index]
}

func (c choicesSoFar) inOrder() []*choiceSoFar {
	ordered := []*choiceSoFar{}
	for _, index := range slices.Sorted(maps.Keys(c)) {
		ordered = append(ordered, c[index])
	}
	return ordered
}

// completionView is the part of a view that tells of the choices of a completion.
func (c choicesSoFar) completionView() object {
	texts, reasons := []any{}, []any{}
	for _, choice := range c.inOrder() {
		texts, reasons = append(texts, choice.text), append(reasons, choice.reason)
	}
	return object{
		"choices": len(c), "text": first(texts), "texts": texts, "finish_reason": first(reasons),
		"finish_reasons": reasons, "content_filter": first(c.filters()),
	}
}

// chatView is the part of a view that tells of the choices of a chat.
func (c choicesSoFar) chatView() object {
	leading := &choiceSoFar{}
	if ordered := c.inOrder(); len(ordered) > 0 {
		leading = ordered[0]
	}
	calls := []any{}
	for _, key := range slices.Sorted(maps.Keys(leading.tools)) {
		calls = append(calls, leading.tools[key])
	}
	view := c.completionView()
	maps.Copy(view, object{
		"role": leading.role, "refusal": leading.refusal, "tool_calls": calls,
		"content_filters": c.filters(), "context": leading.context,
	})
	return view
}

func (c choicesSoFar) filters() []any {
	filters := []any{}
	for _, choice := range c.inOrder() {
		filters = append(filters, choice.filter)
	}
	return filters
}

func first(values []any) any {
	if len(values) == 0 {
		return nil
	}
	return values[0]
}

// merged is the filter results of a stream so far: the latest word on each category.
func merged(soFar, more any) any {
	before, _ := soFar.(object)
	now, _ := more.(object)
	if len(now) == 0 {
		return soFar
	}
	all := maps.Clone(now)
	for name, result := range before {
		if _, newer := now[name]; !newer {
			all[name] = result
		}
	}
	return all
}
