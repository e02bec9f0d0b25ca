/** What a kubeconfig or `--server` calls a server -> a URL (client-go `rest/url_utils.go`, `DefaultServerURL`). Pure. */
import { ConnectError } from './connection.js';

/**
 * Without a scheme it is `http://` as in kubectl (measured with 1.32; and kubectl then sends no credentials either). A
 * path is kept as a prefix, without its trailing slash; query and fragment are dropped. Throws ConnectError for what is
 * neither a URL nor host:port, for another scheme, and for a user name in the URL, which would be a credential out of
 * its place.
 */
export function serverUrl(text: string): URL {
  const schemeless = !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = parse(schemeless ? `http://${text}` : text);
  if (!url?.hostname || (schemeless && url.pathname !== '/')) {
    throw new ConnectError(`the server ${JSON.stringify(withoutUserinfo(text))} is neither a URL nor host:port`, [
      'write it as https://HOST:PORT',
    ]);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new ConnectError(`the server has the scheme ${url.protocol}//; accepted: https://, http://`);
  }
  if (url.username || url.password) {
    throw new ConnectError('the server URL holds a user name or password', [
      'put them into username and password of the kubeconfig user',
    ]);
  }
  url.search = '';
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** For a message: whatever stands before an @ may be a password. */
export function withoutUserinfo(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1');
}
