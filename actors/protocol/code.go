package protocol

// Code is an error code of the wire protocol: a closed list that clients act on.
type Code string

// The closed list. The last three carry retry_ms.
const (
	CodeBadFrame       Code = "bad_frame"
	CodeUnknownVerb    Code = "unknown_verb"
	CodeBadName        Code = "bad_name"
	CodeBadText        Code = "bad_text"
	CodeNotJoined      Code = "not_joined"
	CodeAlreadyJoined  Code = "already_joined"
	CodeNameTaken      Code = "name_taken"
	CodeWrongName      Code = "wrong_name"
	CodeBadRoom        Code = "bad_room"
	CodeNotEntered     Code = "not_entered"
	CodeAlreadyEntered Code = "already_entered"
	CodeForbidden      Code = "forbidden"
	CodeTooManyRooms   Code = "too_many_rooms"
	CodeUnauthorized   Code = "unauthorized"
	CodeRateLimited    Code = "rate_limited"
	CodeOverloaded     Code = "overloaded"
	CodeUnavailable    Code = "unavailable"
)

// codeMessages say to people what the codes say to machines.
var codeMessages = map[Code]string{
	CodeBadFrame:       "The frame is not VERB[#REF]:… or lacks a part.",
	CodeUnknownVerb:    "There is no such verb.",
	CodeBadName:        "A name has 1 to 32 characters of one script, and none of : { } /.",
	CodeBadText:        "A text must not be empty, too long, or hold control characters.",
	CodeNotJoined:      "Join under a name first.",
	CodeAlreadyJoined:  "This connection has joined already.",
	CodeNameTaken:      "Somebody else holds this name.",
	CodeWrongName:      "This is not the name you joined with.",
	CodeBadRoom:        "A room's name has 1 to 64 characters of one script, none of : { } /, and is not confused with another room's.",
	CodeNotEntered:     "Enter this room first.",
	CodeAlreadyEntered: "This connection has entered this room already.",
	CodeForbidden:      "You may not enter this room, or make it.",
	CodeTooManyRooms:   "This connection has entered as many rooms as it may.",
	CodeUnauthorized:   "This needs a valid token.",
	CodeRateLimited:    "Too much at once; try again later.",
	CodeOverloaded:     "The server is overloaded; try again later.",
	CodeUnavailable:    "The chat can't be reached now; try again later.",
}

// Close codes (RFC 6455 §7.4.1 and the protocol's own).
const (
	CloseNotAllowed uint16 = 1008
	CloseRestart    uint16 = 1012
	CloseTooSlow    uint16 = 4008
	CloseNameLost   uint16 = 4009
)
