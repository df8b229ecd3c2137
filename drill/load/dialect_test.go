package load

import (
	"strings"
	"testing"
)

func said(t *testing.T, frames []byte) string {
	t.Helper()
	frames[1] &^= maskBit // as if a server had said it
	key := 2
	if frames[1] == lengthIn16 {
		key = 4
	}
	f, _, err := nextFrame(append(frames[:key:key], frames[key+4:]...))
	if err != nil {
		t.Fatal(err)
	}
	return string(f.payload)
}

func TestParleyIsSpokenWithReferences(t *testing.T) {
	c, peer := &conn{name: "u1"}, &conn{name: "u2"}
	for want, frames := range map[string][]byte{
		"join:u1":          parley{}.hello(nil, c),
		"msg#1:u1:hi: all": parley{}.publish(nil, c, []byte("hi: all")),
		"room#1:u1:r5:hi":  parley{}.publish(nil, &conn{name: "u1", rooms: []int{5, 7}}, []byte("hi")),
		"dm#2:u1:u2:psst":  parley{}.direct(nil, &conn{name: "u1", said: 1}, peer, []byte("psst")),
	} {
		if got := said(t, frames); got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}

func TestEachDialectTellsFramesApart(t *testing.T) {
	text := string(appendText(nil, 1, textSize))
	for name, test := range map[string]struct {
		dialect dialect
		frames  []string
		want    tally
	}{
		"parley": {
			parley{},
			[]string{
				`{"type":"init","members":[],"history":[{"type":"msg","id":1,"text":"` + text + `"}]}`, "Welcome u1!",
				`{"type":"joined","name":"u1"}`, `{"type":"msg","id":1,"user":"u1","text":"` + text + `"}`,
				`{"type":"dm","id":1,"text":"` + text + `"}`, `{"type":"ack","ref":"1","id":1}`,
				`{"type":"member_add","name":"u2","count":2}`, `{"type":"members"}`, `{"type":"error","code":"bad_text"}`,
				`{"type":"entered","room":"r1"}`,
			},
			tally{Deliveries: 2, Answers: 1, Errors: 1, Told: 1, Joined: 1, Entered: 1, PresenceFrames: 2, PresenceBytes: 61},
		},
		"centrifuge": {
			centrifuge{},
			[]string{
				`{"id":1,"connect":{"client":"x"}}` + "\n" + `{"id":2,"subscribe":{}}`,
				strings.Repeat(`{"push":{"channel":"chat","pub":{"data":{"text":"`+text+`"},"offset":1}}}`+"\n", 3) + `{"id":3,"publish":{}}`,
				`{"id":4,"error":{"code":100}}`, `{"push":{"channel":"r1","join":{}}}`,
			},
			tally{Deliveries: 3, Answers: 1, Errors: 1, Told: 1, Joined: 1, PresenceFrames: 1, PresenceBytes: 35},
		},
		"bare": {bare{}, []string{text, text}, tally{Deliveries: 2}},
	} {
		e := newEar(&window{}, 1)
		for _, f := range test.frames {
			test.dialect.hear(&conn{}, []byte(f), e)
		}
		if e.tally != test.want {
			t.Errorf("%s: heard %+v, want %+v", name, e.tally, test.want)
		}
	}
}
