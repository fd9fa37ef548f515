// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/internal/egress"
	"github.com/participant-go/connectparticipant/internal/redact"
)

const (
	fetchTimeout     = 10 * time.Second
	maxFetched       = 64 << 10
	maxCertificates  = 16
	maxIntermediates = 3
)

// certificate returns the verified certificate of a URL.
func (v *Verifier) certificate(ctx context.Context, u *url.URL) (*x509.Certificate, error) {
	if known := v.known(u.String()); known != nil {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	data, err := v.fetch(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("fetch the certificate of SNS: %w", err)
	}
	leaf, intermediates, err := parseCertificates(data)
	if err != nil {
		return nil, notVerified("%v", err)
	}
	if leaf.VerifyHostname("sns."+awsDomain(u.Host)) != nil && leaf.VerifyHostname(u.Host) != nil {
		return nil, notVerified("the certificate was not issued for SNS")
	}
	if err := v.verifyChain(ctx, leaf, intermediates); err != nil {
		return nil, err
	}
	v.keep(u.String(), leaf)
	return leaf, nil
}

// awsDomain returns amazonaws.com for sns.us-west-2.amazonaws.com.
func awsDomain(host string) string { return strings.SplitN(host, ".", 3)[2] }

// parseCertificates returns the first certificate of a PEM file, and the others.
func parseCertificates(data []byte) (leaf *x509.Certificate, others []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, errors.New("the certificate is malformed")
		}
		if leaf == nil {
			leaf = certificate
		} else {
			others = append(others, certificate)
		}
	}
	if leaf == nil {
		return nil, nil, errors.New("no certificate at SigningCertURL")
	}
	return leaf, others, nil
}

// verifyChain checks that a certificate leads to a root, through the certificates that came with it
// or the issuers that they name.
func (v *Verifier) verifyChain(ctx context.Context, leaf *x509.Certificate, others []*x509.Certificate) error {
	pool := x509.NewCertPool()
	for _, other := range others {
		pool.AddCert(other)
	}
	last := leaf
	for fetched := 0; ; fetched++ {
		// Certificates of SNS need not be for TLS.
		_, err := leaf.Verify(x509.VerifyOptions{Roots: v.Roots, Intermediates: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err == nil {
			return nil
		}
		var unknown x509.UnknownAuthorityError
		issuer := issuerURL(last)
		if !errors.As(err, &unknown) || issuer == nil || fetched == maxIntermediates {
			return notVerified("the certificate is not valid: %v", err)
		}
		if last, err = v.fetchIssuer(ctx, issuer, last); err != nil {
			return err
		}
		pool.AddCert(last)
	}
}

// issuerURL returns the URL at which Amazon's authority serves the certificate of this one's
// issuer. Plain http suffices, because the fetched certificate is checked by its signature.
func issuerURL(certificate *x509.Certificate) *url.URL {
	for _, text := range certificate.IssuingCertificateURL {
		u, err := url.Parse(text)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && strings.HasSuffix(u.Host, ".amazontrust.com") {
			return u
		}
	}
	return nil
}

func (v *Verifier) fetchIssuer(ctx context.Context, u *url.URL, issued *x509.Certificate) (*x509.Certificate, error) {
	data, err := v.fetch(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("fetch the issuer of the certificate of SNS: %w", err)
	}
	issuer, err := x509.ParseCertificate(data)
	if err != nil || issued.CheckSignatureFrom(issuer) != nil {
		return nil, errors.New("fetch the issuer of the certificate of SNS: the response is a different certificate")
	}
	return issuer, nil
}

// fetch returns the content of a URL, whose query may contain a secret.
func (v *Verifier) fetch(ctx context.Context, u *url.URL) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, errors.New("invalid URL")
	}
	response, err := v.client().Do(request)
	if err != nil {
		return nil, fmt.Errorf("get from %s: %w", u.Host, redact.URLError(err, u, nil)) // Confirm's URL contains a token
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, notVerified("%s returned no such file", u.Host)
	default:
		return nil, fmt.Errorf("get from %s: status %d", u.Host, response.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxFetched+1))
	if err != nil {
		return nil, fmt.Errorf("read from %s: %w", u.Host, err)
	}
	if len(data) > maxFetched {
		return nil, fmt.Errorf("read from %s: over %d bytes", u.Host, maxFetched)
	}
	return data, nil
}

// client doesn't follow redirects, which could lead to any host.
func (v *Verifier) client() *http.Client {
	client := *http.DefaultClient
	if v.HTTPClient != nil {
		client = *v.HTTPClient
	}
	client.CheckRedirect = egress.LastResponse
	return &client
}

// known returns a cached certificate that hasn't expired.
func (v *Verifier) known(key string) *x509.Certificate {
	v.mu.Lock()
	defer v.mu.Unlock()
	certificate := v.certificates[key]
	if certificate != nil && time.Now().After(certificate.NotAfter) {
		delete(v.certificates, key)
		return nil
	}
	return certificate
}

// keep caches a certificate. It evicts any other one if the cache is full.
func (v *Verifier) keep(key string, certificate *x509.Certificate) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.certificates == nil {
		v.certificates = map[string]*x509.Certificate{}
	}
	for other := range v.certificates {
		if len(v.certificates) < maxCertificates {
			break
		}
		delete(v.certificates, other)
	}
	v.certificates[key] = certificate
}
