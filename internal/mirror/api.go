package mirror

import "net/http"

// Client returns an HTTP client for the APIs of the forges whose repositories p
// allows: it connects to no address that p refuses and follows no redirect. Keep
// one for the life of the program.
func (p Policy) Client() *http.Client { return p.client() }

// CredentialFor gives what the repository at url is read with, nil if it is read
// without. It is given for https, and for this machine itself, only.
func (p Policy) CredentialFor(url string) *Credential { return p.dress(Repo{URL: url}).Credential }
