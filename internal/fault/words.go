package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// TESTING FAULT ADD uses these words for conditions and actions.

// actionWords are the words of the actions. Some need an argument after them.
var actionWords = [...]string{
	Error: "ERROR", Delay: "DELAY", CloseBefore: "CLOSE BEFORE", CloseAfter: "CLOSE AFTER", Cut: "CUT", Blackhole: "BLACKHOLE",
	Trickle: "TRICKLE", Expire: "EXPIRE", Evict: "EVICT", Refuse: "REFUSE", NoSpace: "ENOSPC", IOError: "EIO",
}

// String returns the words of the kind of an action.
func (d Do) String() string { return actionWords[d] }

// Syntax is the syntax of a rule, after its name.
const Syntax = "[COMMAND name] [CATEGORY name] [KEY glob] [CLIENT glob] [USER name] [SPACE name] [FROM n] [EVERY n] [TIMES n] " +
	"[PROBABILITY p] [AFTER unix-ms] [BEFORE unix-ms] DO ERROR text | DELAY ms | CLOSE BEFORE | CLOSE AFTER | CUT bytes | BLACKHOLE | " +
	"TRICKLE ms | EXPIRE | EVICT | REFUSE | ENOSPC | EIO"

// errProbability is the error for a probability out of range.
var errProbability = errors.New("PROBABILITY must be above 0 and at most 1")

// Check returns an error if a value of a rule is wrong, or if the rule could never hit:
// because its times exclude each other, or because a condition does not apply to the
// things that its action is for.
func (r *Rule) Check() error {
	switch {
	case r.From < 0 || r.Every < 0 || r.Times < 0:
		return errors.New("FROM, EVERY and TIMES count from 1 on")
	case !(r.Probability >= 0 && r.Probability <= 1):
		return errProbability
	case r.After != 0 && r.Before != 0 && r.After >= r.Before:
		return errors.New("the time AFTER has to be before BEFORE")
	case r.Do == Error && (r.Text == "" || strings.ContainsAny(r.Text, "\r\n")):
		return errors.New("the text of an ERROR must be one line") // a line break would begin another reply
	case r.Milli < 0 || r.Milli > maxMilli:
		return fmt.Errorf("%v needs a number of milliseconds", r.Do)
	case r.Bytes < 0:
		return errors.New("CUT needs a number of bytes")
	}
	var about string
	var conditions []string
	switch {
	case r.Do == Refuse: // the client has sent nothing yet
		about = "connections"
		conditions = r.given("COMMAND", r.Command, "CATEGORY", r.Category, "KEY", r.Key, "USER", r.User)
	case r.Do.onFiles():
		about = "files"
		conditions = r.given("COMMAND", r.Command, "CATEGORY", r.Category, "KEY", r.Key, "CLIENT", r.Client, "USER", r.User, "SPACE", r.Space)
	}
	if len(conditions) > 0 {
		return fmt.Errorf("%v is for %s, which have no %s", r.Do, about, conditions[0])
	}
	return nil
}

// given returns the options that have a value.
func (r *Rule) given(options ...string) (names []string) {
	for i := 0; i < len(options); i += 2 {
		if options[i+1] != "" {
			names = append(names, options[i])
		}
	}
	return names
}

// errNoAction is the error for a rule without an action.
var errNoAction = errors.New("a fault needs DO and an action")

// Parse reads a rule from words, in any case.
func Parse(name string, words []string) (Rule, error) {
	r := Rule{Name: name}
	for len(words) > 0 {
		option := strings.ToUpper(words[0])
		if option == "DO" {
			if err := r.parseAction(words[1:]); err != nil {
				return r, err
			}
			return r, r.Check()
		}
		if len(words) == 1 {
			return r, fmt.Errorf("%s needs a value", option)
		}
		if err := r.parseCondition(option, words[1]); err != nil {
			return r, err
		}
		words = words[2:]
	}
	return r, errNoAction
}

func (r *Rule) parseCondition(option, value string) (err error) {
	switch option {
	case "COMMAND":
		r.SetCommand(value)
	case "CATEGORY":
		r.SetCategory(value)
	case "KEY":
		r.Key = value
	case "CLIENT":
		r.Client = value
	case "USER":
		r.User = value
	case "SPACE":
		r.Space = value
	case "FROM":
		r.From, err = positive(option, value)
	case "EVERY":
		r.Every, err = positive(option, value)
	case "TIMES":
		r.Times, err = positive(option, value)
	case "PROBABILITY":
		if r.Probability, err = strconv.ParseFloat(value, 64); err != nil || r.Probability == 0 {
			return errProbability
		}
	case "AFTER":
		r.After, err = milli(option, value)
	case "BEFORE":
		r.Before, err = milli(option, value)
	default:
		return fmt.Errorf("unknown option %s of a fault", option)
	}
	return err
}

func (r *Rule) parseAction(words []string) (err error) {
	if len(words) == 0 {
		return errNoAction
	}
	action := strings.ToUpper(words[0])
	if action == "CLOSE" {
		if len(words) == 1 {
			return errors.New("DO CLOSE needs BEFORE or AFTER")
		}
		action += " " + strings.ToUpper(words[1])
		words = words[1:]
	}
	r.Do = Do(max(slices.Index(actionWords[:], action), 0))
	words = words[1:]
	if r.Do == 0 {
		return fmt.Errorf("unknown action %s of a fault", action)
	}
	if len(words) != r.arguments() {
		return fmt.Errorf("wrong number of words after DO %s", action)
	}
	switch r.Do {
	case Error:
		r.Text = strings.TrimPrefix(words[0], "-")
	case Delay, Trickle:
		r.Milli, err = milli(action, words[0])
	case Cut:
		if r.Bytes, err = strconv.Atoi(words[0]); err != nil {
			r.Bytes, err = -1, nil // as Check says
		}
	}
	return err
}

// arguments returns the number of words after the action's own.
func (a *Action) arguments() int {
	switch a.Do {
	case Error, Delay, Cut, Trickle:
		return 1
	}
	return 0
}

// maxMilli is about 35 years, the longest time of a timer.
const maxMilli = 1 << 40

func positive(option, value string) (int, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s must be a number from 1 on", option)
	}
	return int(n), nil
}

func milli(option, value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || option != "AFTER" && option != "BEFORE" && n > maxMilli {
		return 0, fmt.Errorf("%s needs a number of milliseconds", option)
	}
	return n, nil
}

// Words returns the rule as words, from which Parse makes it again.
func (r *Rule) Words() (words []string) {
	add := func(option, value string) {
		if value != "" {
			words = append(words, option, value)
		}
	}
	number := func(option, value string) {
		if value != "0" {
			add(option, value)
		}
	}
	add("COMMAND", r.Command)
	add("CATEGORY", r.Category)
	add("KEY", r.Key)
	add("CLIENT", r.Client)
	add("USER", r.User)
	add("SPACE", r.Space)
	number("FROM", strconv.Itoa(r.From))
	number("EVERY", strconv.Itoa(r.Every))
	number("TIMES", strconv.Itoa(r.Times))
	number("PROBABILITY", strconv.FormatFloat(r.Probability, 'g', -1, 64))
	number("AFTER", strconv.FormatInt(r.After, 10))
	number("BEFORE", strconv.FormatInt(r.Before, 10))
	words = append(append(words, "DO"), strings.Fields(r.Do.String())...)
	switch r.Do {
	case Error:
		words = append(words, r.Text)
	case Delay, Trickle:
		words = append(words, strconv.FormatInt(r.Milli, 10))
	case Cut:
		words = append(words, strconv.Itoa(r.Bytes))
	}
	return words
}
