// How values look. A text from the server is a string, or an object with its length
// and as much of it as is shown: see text.go.

export function bytesOf(v) {
  if (typeof v === 'string') return new TextEncoder().encode(v)
  if (v.base64 !== undefined) return Uint8Array.from(atob(v.base64), c => c.charCodeAt(0))
  return new TextEncoder().encode(v.text ?? '')
}

export function isBinary(v) { return typeof v === 'object' && v !== null && v.base64 !== undefined }

const escapes = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' }

// escaped replaces what can't be seen, or would turn around what follows it.
export function escaped(s, keepLines) {
  return s.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]/gu, c => keepLines && (c === '\n' || c === '\t') ? c
    : escapes[c] ?? (c.codePointAt(0) < 256 ? '\\x' + c.codePointAt(0).toString(16).padStart(2, '0') : '\\u{' + c.codePointAt(0).toString(16) + '}'))
}

// line returns a text on one line.
export function line(v, most = 400) {
  if (v === null || v === undefined) return '(nil)'
  let s
  if (isBinary(v)) {
    s = ''
    for (const b of bytesOf(v)) s += b >= 32 && b < 127 && b !== 92 ? String.fromCharCode(b) : '\\x' + b.toString(16).padStart(2, '0')
  } else {
    s = escaped(typeof v === 'string' ? v : v.text ?? '')
  }
  const cut = s.length > most || v.cut
  if (s.length > most) s = s.slice(0, most)
  return cut ? s + '… (' + bytes(v.bytes ?? bytesOf(v).length) + ')' : s
}

// hex returns bytes as a dump: offset, bytes, characters.
export function hex(data, from = 0) {
  const lines = []
  for (let i = 0; i < data.length; i += 16) {
    const row = [...data.slice(i, i + 16)]
    lines.push((from + i).toString(16).padStart(8, '0') + '  ' + row.map(b => b.toString(16).padStart(2, '0')).join(' ').padEnd(47) + '  ' +
      row.map(b => b >= 32 && b < 127 ? String.fromCharCode(b) : '·').join(''))
  }
  return lines.join('\n')
}

// prettyJSON returns a JSON text indented, or null if it is none. Numbers stay as they
// are written: those of JavaScript would lose digits.
export function prettyJSON(s) {
  if (!/^\s*[[{]/.test(s)) return null
  try { JSON.parse(s) } catch { return null }
  let out = '', depth = 0
  const tokens = s.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)
  tokens.forEach((t, i) => {
    if (t === '{' || t === '[') {
      out += t
      const closed = tokens[i + 1] === '}' || tokens[i + 1] === ']'
      depth++
      if (!closed) out += '\n' + '  '.repeat(depth)
    } else if (t === '}' || t === ']') {
      depth--
      const opened = tokens[i - 1] === '{' || tokens[i - 1] === '['
      out += (opened ? '' : '\n' + '  '.repeat(depth)) + t
    } else if (t === ',') out += ',\n' + '  '.repeat(depth)
    else if (t === ':') out += ': '
    else out += t
  })
  return out
}

export function bytes(n) {
  if (n < 1024) return n + ' B'
  for (const unit of ['KB', 'MB', 'GB']) {
    n /= 1024
    if (n < 1024 || unit === 'GB') return (n < 10 ? n.toFixed(1) : Math.round(n)) + ' ' + unit
  }
}

export function count(n) { return Number(n).toLocaleString('en') }

// short is a number that has little room.
export function short(n) {
  for (const [unit, of] of [['G', 1e9], ['M', 1e6], ['k', 1e5]]) {
    if (n >= of) { n = n / (unit === 'k' ? 1e3 : of); return (n < 10 ? n.toFixed(1) : Math.round(n)) + unit }
  }
  return n < 10 && n % 1 ? n.toFixed(1) : count(Math.round(n))
}

// nanos is a duration in nanoseconds.
export function nanos(n) {
  if (n < 1e3) return Math.round(n) + ' ns'
  if (n < 1e6) return round(n / 1e3) + ' µs'
  if (n < 1e9) return round(n / 1e6) + ' ms'
  return round(n / 1e9) + ' s'
}

function round(n) { return n < 10 ? n.toFixed(1) : Math.round(n) }

// span is a duration in milliseconds, to a person.
export function span(ms) {
  if (ms < 0) return '-' + span(-ms)
  if (ms < 1000) return Math.round(ms) + ' ms'
  const s = Math.floor(ms / 1000)
  const parts = [[Math.floor(s / 86400), 'd'], [Math.floor(s / 3600) % 24, 'h'], [Math.floor(s / 60) % 60, 'm'], [s % 60, 's']]
  const first = parts.findIndex(p => p[0] > 0)
  return parts.slice(first, first + 2).filter(p => p[0] > 0).map(p => p[0] + p[1]).join(' ')
}

export function ttl(ms) { return ms < 0 ? '∞' : span(ms) }

export function time(ms) {
  const t = new Date(ms)
  return t.toISOString().slice(0, 19).replace('T', ' ') + ' UTC'
}

export function clockTime(micros) { return new Date(micros / 1000).toISOString().slice(11, 23) }

// words takes a command line apart as redis-cli does: "double quotes" with escapes,
// 'single quotes' without.
export function words(text) {
  const out = []
  let i = 0
  while (i < text.length) {
    if (/\s/.test(text[i])) { i++; continue }
    const raw = []
    let quote = ''
    for (; i < text.length; i++) {
      const c = text[i]
      if (!quote && /\s/.test(c)) break
      if (!quote && (c === '"' || c === "'")) { quote = c; continue }
      if (c === quote) { quote = ''; continue }
      if (quote === '"' && c === '\\' && i + 1 < text.length) {
        const x = /^\\x([0-9a-f]{2})/i.exec(text.slice(i))
        if (x) { raw.push(parseInt(x[1], 16)); i += 3; continue }
        i++
        const e = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }[text[i]] ?? text[i]
        raw.push(...new TextEncoder().encode(e))
        continue
      }
      const cp = String.fromCodePoint(text.codePointAt(i))
      if (cp.length > 1) i++
      raw.push(...new TextEncoder().encode(cp))
    }
    if (quote) throw new Error('a quote is not closed')
    out.push(word(Uint8Array.from(raw)))
  }
  return out
}

// word returns bytes in the form of an argument.
function word(raw) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw)
  } catch {
    return { base64: btoa(String.fromCharCode(...raw)), bytes: raw.length }
  }
}

// reply prints a reply as redis-cli does.
export function reply(v, indent = '') {
  if (v === null) return '(nil)'
  if (typeof v === 'number') return '(integer) ' + v
  if (typeof v === 'boolean') return v ? '(true)' : '(false)'
  if (typeof v === 'string') return '"' + escaped(v).replaceAll('"', '\\"') + '"'
  if (v.error !== undefined) return '(error) ' + line(v.error)
  if (v.status !== undefined) return line(v.status)
  const items = Array.isArray(v) ? v.map(x => [x]) : v.map
  if (!items) return '"' + line(v) + '"'
  if (items.length === 0) return Array.isArray(v) ? '(empty array)' : '(empty map)'
  const pad = ' '.repeat(String(items.length).length + 2)
  return items.map((item, i) => (i ? indent : '') + String(i + 1).padStart(pad.length - 2) + (item.length === 2 ? '# ' : ') ') +
    item.map(x => reply(x, indent + pad)).join(' => ')).join('\n')
}
