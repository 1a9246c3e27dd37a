/** The part of a client certificate that says who it is; `tls.PeerCertificate` has this shape. */
export interface CertificateIdentity {
  readonly subject?: { readonly CN?: string | string[] | undefined } | undefined;
  /** As Node writes it: "DNS:app.internal, email:app@example.com, URI:spiffe://example.com/app". */
  readonly subjectaltname?: string | undefined;
}

/** The names that a certificate bears, in the order in which a user of that name is looked for: CN, then SANs. */
export function namesOf({ subject, subjectaltname }: CertificateIdentity): readonly string[] {
  const commonNames = subject?.CN === undefined ? [] : [subject.CN].flat();
  return [...commonNames, ...alternativeNames(subjectaltname ?? "")];
}

/**
 * Node quotes (as JSON) a name that holds a comma or another special character, so that nobody can smuggle one name
 * inside another; a name that is quoted is unquoted here, never split.
 */
function alternativeNames(subjectaltname: string): string[] {
  const names = subjectaltname.matchAll(/(?:^|, )(DNS|email|URI):("(?:[^"\\]|\\.)*"|[^,]*)/g);
  return [...names].flatMap(([, , name = ""]) => {
    if (!name.startsWith('"')) return [name];
    try {
      return [String(JSON.parse(name))];
    } catch {
      // Not a name that Node writes, so not one to trust.
      return [];
    }
  });
}
