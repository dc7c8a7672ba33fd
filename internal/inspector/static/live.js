// The stream of events. It is open while the page can be seen: otherwise the server
// does nothing for it.

import { request } from './api.js'

const listeners = { stats: new Set(), commands: new Set(), state: new Set() }
export const history = [] // of stats, oldest first
const kept = 180
let wanted = {}, controller = null, open = false

// on calls f for each event of a kind until the returned function is called.
export function on(kind, f) {
  listeners[kind].add(f)
  return () => listeners[kind].delete(f)
}

function tell(kind, data) { for (const f of [...listeners[kind]]) f(data) }

export function state() { return open }

// want says what the stream is to have; it begins anew if that changes.
export function want(params) {
  if (JSON.stringify(params) === JSON.stringify(wanted) && controller) return
  wanted = params
  restart()
}

export function restart() {
  controller?.abort()
  controller = null
  if (!document.hidden) follow(controller = new AbortController())
}

export function forget() { history.length = 0 }

async function follow(mine) {
  try {
    const r = await request('live', wanted, { signal: mine.signal })
    open = true
    tell('state', open)
    let text = ''
    for (let reader = r.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
      const { value, done } = await reader.read()
      if (done) break
      text += value
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const m = /^event: (\w+)\ndata: (.*)$/s.exec(text.slice(0, end))
        if (m) receive(m[1], JSON.parse(m[2]))
      }
    }
  } catch (err) {
    if (mine.signal.aborted) return
    if (err.status === 401 || err.status === 404) { open = false; tell('state', open, err); return }
  }
  if (mine.signal.aborted) return
  open = false
  tell('state', open)
  setTimeout(() => { if (controller === mine) restart() }, 1000)
}

function receive(kind, data) {
  if (kind === 'stats') {
    history.push(data)
    if (history.length > kept) history.shift()
  }
  tell(kind, data)
}

// rate is how fast a counter grows, a second.
export function rate(name, i = history.length - 1) {
  const a = history[i - 1], b = history[i]
  if (!a || !b || b.real <= a.real || b[name] < a[name]) return 0
  return (b[name] - a[name]) * 1000 / (b.real - a.real)
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) controller?.abort(), controller = null
  else restart()
})
