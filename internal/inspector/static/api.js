// Requests to the server. The token comes in the fragment of the URL, which no browser
// sends, and stays in the storage of this origin.

const fragment = new URLSearchParams(location.hash.slice(1))
if (fragment.has('token')) {
  localStorage.setItem('token', fragment.get('token'))
  history.replaceState(null, '', location.pathname + location.search)
}

export function setToken(text) { localStorage.setItem('token', text.replace(/^.*#token=/, '').trim()) }

export class Refused extends Error {
  constructor(status, text) { super(text); this.status = status }
}

// space is the space that is looked at; '' is the server itself.
export function space() { return new URLSearchParams(location.search).get('space') ?? '' }

function query(q) { return String(q) && '?' + q }

function address(path, params) {
  const q = new URLSearchParams()
  for (const [name, value] of Object.entries(params ?? {})) if (value !== '' && value !== null && value !== undefined) q.set(name, value)
  if (space()) q.set('space', space())
  return '/api/' + path + query(q)
}

export async function request(path, params, options = {}) {
  const r = await fetch(address(path, params), {
    ...options, headers: { ...options.headers, Authorization: 'Bearer ' + localStorage.getItem('token') },
  })
  if (!r.ok) {
    let text = r.statusText
    try { text = (await r.json()).error } catch { /* no JSON */ }
    throw new Refused(r.status, text)
  }
  return r
}

export async function get(path, params) { return (await request(path, params)).json() }

// run runs a command, and returns its reply or throws its error.
export async function run(db, ...args) {
  const r = await request('do', {}, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ db, args }) })
  const { reply } = await r.json()
  document.dispatchEvent(new Event('changed'))
  if (reply && reply.error !== undefined) throw new Error(typeof reply.error === 'string' ? reply.error : reply.error.text)
  return reply
}

// keyParams names a key in a URL: as text, or in base64 if it is none.
export function keyParams(key) {
  return typeof key === 'string' ? { key } : { key64: key.base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') }
}

// keyLink is the address of the page of a key.
export function keyLink(db, key) { return link('/key', { db, ...keyParams(key) }) }

// link is the address of a page, of the same space.
export function link(path, params) {
  const q = new URLSearchParams()
  for (const [name, value] of Object.entries(params ?? {})) if (value !== '' && value !== null && value !== undefined) q.set(name, value)
  if (space() && !q.has('space')) q.set('space', space())
  return path + query(q)
}
