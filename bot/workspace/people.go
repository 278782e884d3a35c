package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// DefaultPeople are an administrator, a maintainer and a reader, so that each
// role of distrobot can be played from one page.
func DefaultPeople() []Person {
	return []Person{
		{Name: "alice", RealName: "Alice Adams", Title: "Administrator", Groups: []string{"admins", "release-managers"}},
		{Name: "bob", RealName: "Bob Brown", Title: "Maintainer", Groups: []string{"release-managers"}},
		{Name: "carol", RealName: "Carol Clark", Title: "Reader"},
	}
}

// DefaultChannels are one channel with the bot and one without.
func DefaultChannels() []Channel {
	return []Channel{
		{Name: "general", Topic: "Everybody"},
		{Name: "sites", Topic: "Distributions, platforms and sites", Bot: true},
	}
}

// handlePattern is what Slack accepts as a user or channel name, roughly: it
// keeps names readable in URLs and free of markup.
var handlePattern = regexp.MustCompile(`^[\p{Ll}\p{N}][\p{Ll}\p{N}._-]{0,79}$`)

// LoadPeople reads people from a JSON file: either a list of Person objects or
// an object with such a list under "people".
func LoadPeople(path string) ([]Person, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	var people []Person
	if err := json.Unmarshal(data, &people); err != nil {
		var file struct {
			People []Person `json:"people"`
		}
		if err := json.Unmarshal(data, &file); err != nil {
			return nil, fmt.Errorf("people: %s is neither a list of people nor an object with one: %w", path, err)
		}
		people = file.People
	}
	if len(people) == 0 {
		return nil, fmt.Errorf("people: %s names nobody", path)
	}
	return people, checkPeople(people)
}

// checkPeople finds names that would make two people one.
func checkPeople(people []Person) error {
	seen := map[string]bool{}
	var errs []error
	for _, p := range people {
		id := p.withDefaults().ID
		switch {
		case !handlePattern.MatchString(p.Name):
			errs = append(errs, fmt.Errorf("people: %q is not a user name (small letters, digits, dots, dashes)", p.Name))
		case seen[p.Name] || seen[id]:
			errs = append(errs, fmt.Errorf("people: %q is there twice", p.Name))
		}
		seen[p.Name], seen[id] = true, true
	}
	return errors.Join(errs...)
}

// withDefaults fills in what the file or the caller left out.
func (p Person) withDefaults() Person {
	if p.ID == "" {
		p.ID = idFromName("U0", p.Name)
	}
	if p.RealName == "" {
		p.RealName = p.Name
	}
	if p.Email == "" {
		p.Email = p.Name + "@example.com"
	}
	if p.TZ == "" {
		p.TZ = "Etc/UTC"
	}
	return p
}

// withDefaults fills in the id.
func (c Channel) withDefaults() Channel {
	c.Name = strings.TrimPrefix(c.Name, "#")
	if c.ID == "" {
		c.ID = idFromName("C0", c.Name)
	}
	return c
}

// idFromName makes a Slack-like id a person can read: U0 and alice give
// U0ALICE. Characters that ids do not have are dropped.
func idFromName(prefix, name string) string {
	keep := func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}
	id := strings.Map(keep, strings.ToUpper(name))
	if id == "" {
		id = strings.ToUpper(derive(name, "id")[:8])
	}
	return prefix + id
}
