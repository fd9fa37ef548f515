// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"slices"
	"time"
)

const (
	// certificateLife is below the 398 days that browsers accept.
	certificateLife = 365 * 24 * time.Hour
	// clockSkew is how much a client's clock may be behind.
	clockSkew = 24 * time.Hour
)

// renewBefore is the remaining validity that a certificate from a snapshot must have to be used again.
const renewBefore = 30 * 24 * time.Hour

// identity is the certificate of a server with Options.TLS.
type identity struct {
	certificate tls.Certificate
	authority   *x509.Certificate
}

// AuthorityPEM returns the CA certificate, in PEM, that clients must trust if Options.TLS is set. Many
// clients read it from the file that NODE_EXTRA_CA_CERTS or SSL_CERT_FILE names. Each server has its
// own CA, unless it continues with the one in Options.Snapshot. The CA issues a single certificate, and
// its key is discarded. Without TLS AuthorityPEM returns nil.
func (s *Server) AuthorityPEM() []byte {
	if s.identity == nil {
		return nil
	}
	return certificatePEM(s.identity.authority.Raw)
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// newIdentity makes a certificate for some host names and addresses.
func newIdentity(hosts []string) (*identity, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	template := newTemplate("participanttest authority")
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	authority, err := issue(template, template, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	leaf, err := issue(serverTemplate(hosts), authority, &key.PublicKey, authorityKey)
	if err != nil {
		return nil, err
	}
	return &identity{tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, authority}, nil
}

func newTemplate(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(randomBytes(16)),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(certificateLife),
	}
}

func serverTemplate(hosts []string) *x509.Certificate {
	template := newTemplate("participanttest")
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return template
}

func issue(template, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// certifiedHosts returns the hosts by which a client can reach the server, as far as the server knows
// them.
func certifiedHosts(opts Options, addr net.Addr) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
		hosts = append(hosts, tcp.IP.String())
	}
	if u, err := url.Parse(opts.PublicURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	hosts = append(hosts, opts.TLSHosts...)
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// serverConfig offers HTTP/1.1 only, because WebSockets need it.
func (i *identity) serverConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{i.certificate}, NextProtos: []string{"http/1.1"}}
}

func (i *identity) clientConfig() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(i.authority)
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}

// identityState is an identity in a snapshot: the key, its certificate and the CA certificate.
type identityState struct{ Key, Certificate, Authority []byte }

func (i *identity) state() (*identityState, error) {
	if i == nil {
		return nil, nil
	}
	key, err := x509.MarshalPKCS8PrivateKey(i.certificate.PrivateKey)
	return &identityState{key, i.certificate.Leaf.Raw, i.authority.Raw}, err
}

func (s *identityState) parse() (*identity, error) {
	if s == nil {
		return nil, nil
	}
	key, keyErr := x509.ParsePKCS8PrivateKey(s.Key)
	leaf, leafErr := x509.ParseCertificate(s.Certificate)
	authority, err := x509.ParseCertificate(s.Authority)
	signer, ok := key.(*ecdsa.PrivateKey)
	if keyErr != nil || leafErr != nil || err != nil || !ok || !signer.PublicKey.Equal(leaf.PublicKey) {
		return nil, errors.New("its Identity is no certificate with its key")
	}
	return &identity{tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: signer, Leaf: leaf}, authority}, nil
}

// identity returns nil unless the certificate is valid for all hosts and for long enough.
func (s *identityState) identity(hosts []string) *identity {
	i, err := s.parse()
	if i == nil || err != nil || time.Now().Add(renewBefore).After(i.certificate.Leaf.NotAfter) {
		return nil
	}
	for _, host := range hosts {
		if i.certificate.Leaf.VerifyHostname(host) != nil {
			return nil
		}
	}
	return i
}
