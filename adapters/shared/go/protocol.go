package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
)

const (
	protocolVersion = 1
	concurrency     = 256
	longestLine     = 64 << 20
)

// A message is one question of the harness: adapter protocol 1, adapter-request.schema.json.
type message struct {
	ID        int64        `json:"id"`
	Op        string       `json:"op"`
	Session   string       `json:"session"`
	Client    clientConfig `json:"client"`
	Operation string       `json:"operation"`
	Arguments arguments    `json:"arguments"`
	Options   callOptions  `json:"options"`
	Stream    *streamWish  `json:"stream"`
}

type clientConfig struct {
	Endpoint   string            `json:"endpoint"`
	API        string            `json:"api"`
	APIVersion string            `json:"api_version"`
	Auth       authConfig        `json:"auth"`
	Surface    string            `json:"surface"`
	MaxRetries *int              `json:"max_retries"`
	TimeoutMS  *int64            `json:"timeout_ms"`
	Deployment *string           `json:"deployment"`
	Headers    map[string]string `json:"headers"`
}

type authConfig struct {
	Kind      string   `json:"kind"`
	Key       string   `json:"key"`
	Tokens    []string `json:"tokens"`
	Authority string   `json:"authority"`
}

type callOptions struct {
	MaxRetries *int              `json:"max_retries"`
	TimeoutMS  *int64            `json:"timeout_ms"`
	Headers    map[string]string `json:"headers"`
	Query      map[string]string `json:"query"`
}

type streamWish struct {
	Consume string `json:"consume"`
	Count   int    `json:"count"`
}

// limit is the number of events to read; negative for all of them.
func (w *streamWish) limit() int {
	if w.Consume == "first" {
		return w.Count
	}
	return -1
}

// arguments are those of a call, REST-shaped.
type arguments map[string]json.RawMessage

// A givenFile is an argument that is a file; File is nil where the argument is something else.
type givenFile struct {
	File *struct {
		Name        string `json:"name"`
		ContentType string `json:"content_type"`
		Base64      string `json:"base64"`
	} `json:"$file"`
}

// An object is a JSON object on its way out.
type object = map[string]any

// A server answers messages, many at a time, in whatever order they are done.
type server struct {
	lock     sync.Mutex
	out      *json.Encoder
	sessions map[string]*session
	running  sync.WaitGroup
	slots    chan struct{}
}

func newServer(out io.Writer) *server {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return &server{out: encoder, sessions: map[string]*session{}, slots: make(chan struct{}, concurrency)}
}

// serve reads questions until the input ends or the harness asks for the end.
func (s *server) serve(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var asked message
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return fmt.Errorf("a line that is no message: %w", err)
		}
		if !s.take(asked) {
			return nil
		}
	}
	return lines.Err()
}

// take starts the work a message asks for; false ends the adapter. Sessions are opened and closed here, so that their
// order is that of the messages.
func (s *server) take(asked message) bool {
	switch asked.Op {
	case "hello":
		s.answer(asked.ID, hello())
	case "call":
		opened, known := s.sessions[asked.Session]
		if !known {
			opened = openSession(asked.Client)
			s.sessions[asked.Session] = opened
		}
		s.slots <- struct{}{}
		s.running.Go(func() {
			defer func() { <-s.slots }()
			s.answer(asked.ID, perform(context.Background(), opened, asked))
		})
	case "close":
		delete(s.sessions, asked.Session)
		s.answer(asked.ID, object{"outcome": "ok"})
	case "shutdown":
		s.running.Wait()
		s.answer(asked.ID, object{"outcome": "ok"})
		return false
	}
	return true
}

func (s *server) answer(id int64, said object) {
	said["id"] = id
	s.lock.Lock()
	defer s.lock.Unlock()
	if err := s.out.Encode(said); err != nil {
		fmt.Fprintln(os.Stderr, "an answer that cannot be written:", err)
		debug.PrintStack()
		os.Exit(70)
	}
}
