package protocol

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// wellFramed takes the payload out of one frame, as RFC 6455 has it, and fails where
// the frame is not exactly one.
func wellFramed(t interface{ Fatalf(string, ...any) }, frame []byte) []byte {
	if len(frame) < 2 || frame[0] != finText {
		t.Fatalf("not a text frame: % x", frame[:min(len(frame), 10)])
	}
	n, rest := uint64(frame[1]), frame[2:]
	switch n {
	case payload16:
		n, rest = uint64(binary.BigEndian.Uint16(rest)), rest[2:]
	case payload64:
		n, rest = binary.BigEndian.Uint64(rest), rest[8:]
	}
	if n != uint64(len(rest)) {
		t.Fatalf("the header says %d bytes, %d follow", n, len(rest))
	}
	return rest
}

func TestFrameHeadersHaveTheirSizes(t *testing.T) {
	for _, c := range []struct{ payload, header int }{
		{0, 2}, {1, 2}, {125, 2}, {126, 4}, {127, 4}, {65535, 4}, {65536, 10}, {200_000, 10},
	} {
		payload := bytes.Repeat([]byte("x"), c.payload)
		built := framed(0, func(dst []byte) []byte { return append(dst, payload...) })
		appended := AppendFrame([]byte("before"), payload)
		if !bytes.Equal(append([]byte("before"), built...), appended) {
			t.Errorf("%d bytes are framed in two ways", c.payload)
		}
		if len(built) != c.header+c.payload || FrameSize(c.payload) != len(built) {
			t.Errorf("%d bytes have a header of %d, not %d", c.payload, len(built)-c.payload, c.header)
		}
		if !bytes.Equal(wellFramed(t, built), payload) || !bytes.Equal(payloadOf(built), payload) {
			t.Errorf("%d bytes don't come out again", c.payload)
		}
	}
}

// text draws any string, valid UTF-8 or not.
func text(t *rapid.T, name string) string {
	return rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	})).Draw(t, name)
}

// valid is what JSON can say of s: what is no UTF-8 becomes U+FFFD.
func valid(s string) string { return string([]rune(s)) }

func TestStringsComeBackFromJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := text(t, "s")
		encoded := appendString(nil, s)
		var got string
		if err := json.Unmarshal(encoded, &got); err != nil || got != valid(s) {
			t.Fatalf("%q is encoded as %s, which is %q (%v)", s, encoded, got, err)
		}
		if !utf8.Valid(encoded) || bytes.ContainsAny(encoded, "\n\r") {
			t.Fatalf("%q is encoded as %q: not one line of UTF-8", s, encoded)
		}
	})
}

func TestStringsEscapeOnlyWhatMustBe(t *testing.T) {
	const s = "a\"b\\c\nd\te\x00<é\u2028🎉>\x7f"
	if got := string(appendString(nil, s)); got != `"a\"b\\c\nd\u0009e\u0000<é`+"\u2028"+`🎉>`+"\x7f"+`"` {
		t.Errorf("encoded as %s", got)
	}
}

// TestFramesAreJSONThatSaysWhatItIsTold decodes each kind of frame, made of any
// strings, with the standard library.
func TestFramesAreJSONThatSaysWhatItIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := text(t, "a"), text(t, "b")
		id := rapid.Int64Range(0, 1<<53-1).Draw(t, "id")
		ref := rapid.StringMatching(`[A-Za-z0-9_-]{1,64}`).Draw(t, "ref")
		flag := rapid.Bool().Draw(t, "flag")
		messages := make([]Entry, rapid.IntRange(0, 3).Draw(t, "messages"))
		list := []any{}
		for i := range messages {
			messages[i].Frame = AppendFrame(nil, `{"id":7}`)
			list = append(list, map[string]any{"id": json.Number("7")})
		}
		raw, _ := json.Marshal(id)
		number := json.Number(raw)
		one, two := json.Number("1"), json.Number("2")
		names := []any{valid(a), valid(b)}
		for _, c := range []struct {
			frame []byte
			want  map[string]any
		}{
			{InitFrame(AppendMembers(nil, []string{a, b}, 2), messages, id, flag), map[string]any{"type": "init", "members": names, "member_count": two, "history": list, "cursor": number, "truncated": flag}},
			{JoinedFrame(a, b, messages, id, []Conversation{{b, id}}, []Place{{a, id}}, flag), map[string]any{"type": "joined", "name": valid(a), "token": valid(b), "dms": list, "cursor": number, "conversations": []any{map[string]any{"peer": valid(b), "id": number}}, "rooms": []any{map[string]any{"room": valid(a), "cursor": number}}, "truncated": flag}},
			{EnteredFrame("", "r"+a, AppendMembers(nil, []string{a, b}, 2), messages, id, flag), map[string]any{"type": "entered", "room": valid("r" + a), "members": names, "member_count": two, "history": list, "cursor": number, "truncated": flag}},
			{EnteredFrame(ref, "r", AppendMembers(nil, []string{a, b}, 2), messages, id, flag), map[string]any{"type": "entered", "ref": ref, "room": "r", "members": names, "member_count": two, "history": list, "cursor": number, "truncated": flag}},
			{ExitedFrame(ref, "r"+a, Left), map[string]any{"type": "exited", "ref": ref, "room": valid("r" + a), "reason": "left"}},
			{RoomsFrame(ref, []RoomSize{{a, 1}, {b, 2}}, flag), map[string]any{"type": "rooms", "ref": ref, "rooms": []any{map[string]any{"room": valid(a), "members": one}, map[string]any{"room": valid(b), "members": two}}, "more": flag}},
			{MemberFrame("member_remove", "r"+b, a, 1), map[string]any{"type": "member_remove", "room": valid("r" + b), "name": valid(a), "count": one}},
			{MembersFrame("r"+b, AppendMembers(nil, nil, 2)), map[string]any{"type": "members", "room": valid("r" + b), "member_count": two}},
			{HistoryFrame(ref, "", "r"+a, messages, flag), map[string]any{"type": "history", "ref": ref, "room": valid("r" + a), "messages": list, "more": flag}},
			{MemberFrame("member_add", "", a, 1), map[string]any{"type": "member_add", "name": valid(a), "count": one}},
			{MembersFrame("", AppendMembers(nil, nil, 2)), map[string]any{"type": "members", "member_count": two}},
			{AckFrame(nil, ref, id), map[string]any{"type": "ack", "ref": ref, "id": number}},
			{ErrorFrame(nil, CodeBadText, "", 0), map[string]any{"type": "error", "code": "bad_text", "message": codeMessages[CodeBadText]}},
			{ErrorFrame(nil, CodeOverloaded, ref, 1), map[string]any{"type": "error", "code": "overloaded", "message": codeMessages[CodeOverloaded], "ref": ref, "retry_ms": one}},
			{HistoryFrame("", "", "", messages, flag), map[string]any{"type": "history", "messages": list, "more": flag}},
			{HistoryFrame(ref, "p"+a, "", messages, flag), map[string]any{"type": "history", "ref": ref, "peer": valid("p" + a), "messages": list, "more": flag}},
			{PongFrame(nil, a), map[string]any{"type": "pong", "data": valid(a)}},
			{DrainFrame(id), map[string]any{"type": "drain", "after_ms": number}},
		} {
			decoder := json.NewDecoder(bytes.NewReader(wellFramed(t, c.frame)))
			decoder.UseNumber()
			var got map[string]any
			if err := decoder.Decode(&got); err != nil {
				t.Fatalf("%s: %v", payloadOf(c.frame), err)
			}
			gotJSON, _ := json.Marshal(got)
			wantJSON, _ := json.Marshal(c.want)
			if !bytes.Equal(gotJSON, wantJSON) {
				t.Fatalf("says %s, not %s", gotJSON, wantJSON)
			}
		}
	})
}

func TestEveryCodeHasItsSentence(t *testing.T) {
	codes := []Code{
		CodeBadFrame, CodeUnknownVerb, CodeBadName, CodeBadText, CodeNotJoined, CodeAlreadyJoined,
		CodeNameTaken, CodeWrongName, CodeBadRoom, CodeNotEntered, CodeAlreadyEntered, CodeForbidden, CodeTooManyRooms, CodeUnauthorized, CodeRateLimited, CodeOverloaded, CodeUnavailable,
	}
	for _, code := range codes {
		if codeMessages[code] == "" {
			t.Errorf("%s says nothing to people", code)
		}
	}
	if len(codeMessages) != len(codes) {
		t.Errorf("%d codes have a sentence, of %d", len(codeMessages), len(codes))
	}
}

func TestListOfMembersEndsAtItsBound(t *testing.T) {
	names := strings.Fields(strings.Repeat("x ", MaxMembers+1))
	var got struct {
		Members []string `json:"members"`
		Count   int      `json:"member_count"`
	}
	if err := json.Unmarshal(payloadOf(MembersFrame("", AppendMembers(nil, names, len(names)))), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Members) != MaxMembers || got.Count != MaxMembers+1 {
		t.Errorf("lists %d of %d", len(got.Members), got.Count)
	}
}

// TestListsAreCutToTheirBytesFromEitherEnd: what is kept is within the limit, or
// one entry; one more would not be.
func TestListsAreCutToTheirBytesFromEitherEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 50), 0, 12).Draw(t, "sizes")
		limit := rapid.IntRange(0, 200).Draw(t, "limit")
		entries := make([]Entry, len(sizes))
		for i, n := range sizes {
			entries[i] = Entry{ID: int64(i), Frame: make([]byte, n)}
		}
		newest, oldest := NewestWithin(entries, limit), OldestWithin(entries, limit)
		for _, kept := range [][]Entry{newest, oldest} {
			if len(kept) > 1 && SizeOf(kept) > limit || len(kept) == 0 && len(entries) > 0 {
				t.Fatalf("%v within %d keeps %v", sizes, limit, kept)
			}
		}
		n, o := len(entries)-len(newest), len(oldest)
		if n > 0 && (SizeOf(entries[n-1:]) <= limit || entries[n].ID != newest[0].ID) {
			t.Fatalf("%v within %d keeps the newest %v", sizes, limit, newest)
		}
		if o < len(entries) && (SizeOf(entries[:o+1]) <= limit || entries[0].ID != oldest[0].ID) {
			t.Fatalf("%v within %d keeps the oldest %v", sizes, limit, oldest)
		}
	})
}
