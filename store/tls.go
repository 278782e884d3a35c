package store

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/distrobot/distrobot/fleet"
)

// TLSFiles are what a connection by rediss:// uses besides the system's own
// certificates, in PEM.
type TLSFiles struct {
	CA   string // certificates that vouch for the server, instead of the system's
	Cert string // our certificate, where the server demands one
	Key  string // and its key
}

// use puts the files into the options of a client. They are read once: a
// certificate that was renewed is used after a restart.
func (f TLSFiles) use(o *redis.UniversalOptions) error {
	if f == (TLSFiles{}) {
		return nil
	}
	if o.TLSConfig == nil {
		return fleet.Errorf(fleet.Invalid, "DISTROBOT_REDIS_CA, _CERT and _CERT_KEY are for an encrypted connection, and DISTROBOT_REDIS_URL asks for none.").
			WithHint("Begin it with rediss:// (rediss+sentinel://, rediss+cluster://), or leave them empty.")
	}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			return fleet.Errorf(fleet.Invalid, "DISTROBOT_REDIS_CA names no file with certificates that can be read.").Because(err)
		}
		o.TLSConfig.RootCAs = pool
	}
	if f.Cert != "" || f.Key != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return fleet.Errorf(fleet.Invalid, "DISTROBOT_REDIS_CERT and DISTROBOT_REDIS_CERT_KEY name no certificate with its key.").Because(err)
		}
		o.TLSConfig.Certificates = []tls.Certificate{pair}
	}
	return nil
}
