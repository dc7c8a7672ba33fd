import { get, link, run } from '../api.js'
import { go } from '../app.js'
import { card, code, empty, field, h, num, put, say, table } from '../dom.js'
import { bytes, bytesOf, count, escaped, hex, isBinary, line, prettyJSON, span, time, ttl } from '../format.js'

export default async function key(page) {
  const db = Number(page.params.get('db') ?? 0)
  const named = page.params.has('key64') ? { key64: page.params.get('key64') } : { key: page.params.get('key') ?? '' }
  const back = h('p', { class: 'back' }, h('a', { href: link('/keys', { db: db || '' }) }, '← Keys of database ' + db))
  const facts = h('div', {}), value = h('div', {}), edits = h('div', {})
  let info, shownAs = ''

  function gone() {
    if (!page.here()) return
    const name = info ? line(info.key) : page.params.has('key64') ? 'This key' : line(named.key)
    put(page.view, back, h('h1', { class: 'keyname' }, h('span', { class: 'mono' }, name)), empty('There is no such key.', 'It has expired, was deleted or was never there. It is shown here as soon as it is written.'))
    page.on('stats', async () => {
      try { await get('key', { db, ...named }) } catch { return }
      if (page.here()) go(location.pathname + location.search, true)
    })
  }

  function drawFacts() {
    info.until = info.ttl >= 0 ? info.now + info.ttl : 0
    const rows = [
      ['Time to live', info.until ? h('span', { 'data-until': info.until }, ttl(info.ttl)) : 'none'],
      info.until && ['Expires', time(info.until)],
      info.length !== undefined && [{ string: 'Bytes', stream: 'Entries', hash: 'Fields' }[info.type] ?? 'Elements', count(info.length)],
      ['Memory', bytes(info.size)], ['Encoding', info.encoding],
      info.idle !== undefined && ['Not used for', info.idle ? span(info.idle * 1000) : 'less than 1s'],
      info.hyperloglog !== undefined && ['HyperLogLog', 'about ' + count(info.hyperloglog) + ' different elements'],
    ]
    put(facts, h('dl', { class: 'facts card' }, rows.filter(Boolean).map(([k, v]) => h('div', {}, h('dt', {}, k), h('dd', {}, v)))))
  }

  async function viewer() {
    const body = h('div', {}), foot = h('div', { class: 'foot-row' })
    const state = { match: '', reverse: '', pages: [] }
    const read = at => get('value', { db, ...named, at, match: state.match, reverse: state.reverse })
    let first
    try {
      first = await read('')
    } catch (err) {
      if (err.status === 501) return { el: card('Value', empty('Values of this type are not shown.', 'Use the commands of its module.')), refresh: () => {} }
      throw err
    }
    state.pages = [first]
    const show = shows[info.type]
    const tools = h('div', { class: 'toolbar' }, show.tools?.(state, again))
    draw()
    return { el: card(show.title ?? 'Value', tools.children.length ? tools : null, body, foot, show.after?.()), refresh }

    async function again() { state.pages = [await read('')]; draw() }
    async function refresh() {
      if (state.pages.length > 1) return
      const now = await read('')
      if (JSON.stringify(now) === JSON.stringify(state.pages[0])) return
      state.pages = [now]
      draw()
    }
    function draw() {
      const elements = state.pages.flatMap(p => p.elements)
      put(body, elements.length || info.type === 'string' ? show.rows(elements, state, draw) : empty('Nothing here.', state.match ? 'No element matches the pattern.' : 'The value has no elements.'))
      const next = state.pages.at(-1).next
      put(foot, next && h('button', { class: 'primary', onclick: async e => { e.target.disabled = true; state.pages.push(await read(next)); draw() } }, info.type === 'string' ? 'Show more bytes' : 'Show more'),
        next && h('span', { class: 'muted' }, info.type === 'string' ? '' : count(elements.length) + ' of ' + count(info.length)))
    }
  }

  function editor() {
    const ms = h('input', { inputmode: 'numeric', type: 'number', min: '1', placeholder: '60' })
    const act = (what, ...args) => async () => {
      try { await run(db, ...args.map(a => typeof a === 'function' ? a() : a)); say(what) } catch (err) { say(err.message, true) }
    }
    const expire = h('form', { class: 'inline' }, field('Seconds to live', ms), h('button', {}, 'Set'))
    expire.addEventListener('submit', e => { e.preventDefault(); act('The time to live is set.', 'EXPIRE', info.key, ms.value)() })
    const remove = h('button', { type: 'button', class: 'danger' }, 'Delete the key')
    remove.addEventListener('click', () => {
      if (remove.dataset.sure) act('Deleted.', 'DEL', info.key)()
      else { remove.dataset.sure = '1'; remove.textContent = 'Really delete it?'; setTimeout(() => { delete remove.dataset.sure; remove.textContent = 'Delete the key' }, 4000) }
    })
    const forms = {
      string: ['Set the value', ['value'], v => ['SET', info.key, v[0], 'KEEPTTL']], hash: ['Set a field', ['field', 'value'], v => ['HSET', info.key, ...v]],
      list: ['Append an element', ['value'], v => ['RPUSH', info.key, ...v]], set: ['Add a member', ['member'], v => ['SADD', info.key, ...v]],
      zset: ['Add a member', ['score', 'member'], v => ['ZADD', info.key, ...v]], stream: ['Add an entry', ['field', 'value'], v => ['XADD', info.key, '*', ...v]],
    }
    let change = null
    if (forms[info.type]) {
      const [title, names, command] = forms[info.type]
      const inputs = names.map(n => h('input', { name: n, spellcheck: 'false', autocomplete: 'off' }))
      change = h('form', { class: 'inline' }, names.map((n, i) => field(n[0].toUpperCase() + n.slice(1), inputs[i])), h('button', {}, title))
      change.addEventListener('submit', e => { e.preventDefault(); act('Done.', ...command(inputs.map(i => i.value)))() })
    }
    return card('Change it', change, expire, h('div', { class: 'row' }, h('button', { type: 'button', onclick: act('It does not expire now.', 'PERSIST', info.key) }, 'Let it live for ever'), remove))
  }

  // shows has how values of each type look: their elements as rows, and what stands
  // above and below.
  const matches = (state, again) => {
    const input = h('input', { type: 'search', 'data-search': true, placeholder: '*', spellcheck: 'false' })
    const form = h('form', { class: 'inline', role: 'search' }, field('Pattern', input), h('button', {}, 'Find'))
    form.addEventListener('submit', e => { e.preventDefault(); state.match = input.value && !/[*?[]/.test(input.value) ? input.value + '*' : input.value; again() })
    return form
  }
  const cell = v => h('td', { class: 'mono wrap' }, long(v))
  const shows = {
    string: {
      tools: (state, again) => h('div', { class: 'tabs', role: 'group', 'aria-label': 'Show the value as' },
        ['Text', 'JSON', 'Hex', 'Bits'].map(as => h('button', { type: 'button', 'data-as': as, onclick: () => { shownAs = as; again() } }, as))),
      rows: (elements) => stringValue(elements),
    },
    list: { rows: e => table('Elements', ['index', 'value'], e.map(x => h('tr', {}, num(count(x.index)), cell(x.value)))) },
    set: { tools: matches, rows: e => table('Members', ['member'], e.map(x => h('tr', {}, cell(x.value)))) },
    hash: {
      tools: matches,
      rows: e => {
        const expiring = e.some(x => x.ttl !== undefined)
        return table('Fields', expiring ? ['field', 'value', 'time to live'] : ['field', 'value'], e.map(x => h('tr', {}, h('th', { scope: 'row', class: 'mono wrap' }, line(x.field)), cell(x.value),
          expiring && h('td', { class: 'num' }, x.ttl === undefined ? '∞' : ttl(x.ttl)))))
      },
    },
    zset: {
      tools: (state, again) => h('button', { type: 'button', onclick: e => { state.reverse = state.reverse ? '' : '1'; e.target.textContent = state.reverse ? 'Lowest score first' : 'Highest score first'; again() } }, 'Highest score first'),
      rows: e => table('Members', ['rank', 'score', 'member'], e.map(x => h('tr', {}, num(count(x.rank)), num(x.score), cell(x.value)))),
    },
    stream: {
      title: 'Entries, the newest first',
      rows: e => table('Entries', ['id', 'fields'], e.map(x => h('tr', {}, h('th', { scope: 'row', class: 'mono' }, x.id), h('td', {}, pairs(x.fields))))),
      after: () => h('div', {}, h('h3', {}, 'Consumer groups'), info.groups.length ? info.groups.map(group)
        : empty('No group reads this stream.', 'Make one with ', code('XGROUP CREATE ' + line(info.key, 60) + ' workers $'), '.')),
    },
    array: { rows: e => table('Elements', ['index', 'value'], e.map(x => h('tr', {}, num(x.index), cell(x.value)))) },
  }

  try {
    info = await get('key', { db, ...named })
  } catch (err) {
    if (err.status !== 404) throw err
    return gone()
  }
  if (!page.here()) return
  document.title = line(info.key, 60) + ' · Inspector'
  const view = await viewer()
  if (!page.here()) return
  put(page.view, back, h('h1', { class: 'keyname' }, h('span', { class: 'type type-' + info.type }, info.type), h('span', { class: 'mono' }, line(info.key))), facts, value, edits)
  drawFacts()
  put(value, view.el)
  if (page.server.testing) put(edits, editor())

  page.on('stats', s => {
    if (!info.until) return
    if (s.now >= info.until) gone()
    else facts.querySelectorAll('[data-until]').forEach(el => { el.textContent = ttl(el.dataset.until - s.now) })
  })
  page.onChange(async () => {
    try {
      const now = await get('key', { db, ...named })
      if (!page.here()) return
      const other = now.type !== info.type
      info = now
      drawFacts()
      if (other) put(value, (await viewer()).el)
      else await view.refresh()
    } catch (err) {
      if (err.status === 404) gone()
    }
  })

  function stringValue(parts) {
    const binary = parts.some(isBinary)
    const data = Uint8Array.from(parts.flatMap(p => [...bytesOf(p)]))
    const text = binary ? null : parts.map(p => typeof p === 'string' ? p : p.text).join('')
    const json = text !== null && parts.length === 1 ? prettyJSON(text) : null
    const as = shownAs || (json ? 'JSON' : binary ? 'Hex' : 'Text')
    setTimeout(() => value.querySelectorAll('[data-as]').forEach(b => {
      b.setAttribute('aria-pressed', String(b.dataset.as === as))
      b.disabled = b.dataset.as === 'JSON' && !json
    }))
    if (as === 'Bits') return bitmap(data, info.bits)
    const shown = as === 'JSON' && json ? json : as === 'Hex' || text === null && as !== 'Text' ? hex(data) : text === null ? line({ base64: btoa(String.fromCharCode(...data)), bytes: data.length }, 1e6) : escaped(text, true)
    return h('pre', { class: 'value', tabindex: '0', 'aria-label': 'The value as ' + as }, shown === '' ? '(empty)' : shown)
  }
}

// long is a text with the rest of it behind a summary if there is much.
function long(v) {
  const s = line(v, 100000)
  const json = typeof v === 'string' ? prettyJSON(v) : null
  if (!json && s.length <= 300) return s
  return h('details', { class: 'long' }, h('summary', {}, s.slice(0, 120) + (s.length > 120 ? '…' : '')), h('pre', { class: 'value' }, json ?? s))
}

function pairs(fields) {
  const list = []
  for (let i = 0; i + 1 < fields.length; i += 2) list.push(h('div', {}, h('dt', {}, line(fields[i])), h('dd', {}, long(fields[i + 1]))))
  return h('dl', { class: 'pairs mono' }, list)
}

function group(g) {
  const map = x => Object.fromEntries(x.map.map(([k, v]) => [k, v]))
  const consumers = g.consumers.map(map)
  return h('section', { class: 'group' },
    h('h4', {}, line(g.name), h('span', { class: 'muted' }, ` delivered up to ${g.last} · ${count(g.pending)} pending${g.lag === null ? '' : ` · ${count(g.lag)} behind`}`)),
    consumers.length ? table('Consumers of ' + line(g.name), ['consumer', 'pending', 'idle', 'inactive'], consumers.map(c => h('tr', {}, h('th', { scope: 'row', class: 'mono' }, line(c.name)), num(count(c.pending)), num(span(c.idle)), num(c.inactive < 0 ? 'never active' : span(c.inactive)))))
      : empty('No consumer has read for this group.', 'XREADGROUP makes one.'),
    g.oldest.length > 0 && table('Oldest pending entries of ' + line(g.name), ['pending id', 'consumer', 'idle', 'deliveries'], g.oldest.map(p => h('tr', {}, h('td', { class: 'mono' }, line(p[0])), h('td', { class: 'mono' }, line(p[1])), num(span(p[2])), num(p[3])))))
}

// bitmap draws the first bits as squares.
function bitmap(data, set) {
  const across = 64, most = across * 64, n = Math.min(data.length * 8, most)
  const bit = i => data[i >> 3] >> (7 - (i & 7)) & 1
  const rows = Math.max(1, Math.ceil(n / across)), size = 10
  let d = ''
  const first = []
  for (let i = 0; i < n; i++) {
    if (!bit(i)) continue
    d += `M${i % across * size} ${Math.floor(i / across) * size}h${size - 1}v${size - 1}h-${size - 1}z`
    if (first.length < 40) first.push(i)
  }
  return h('div', {}, h('p', {}, `${count(set)} bits are set in what is shown. `, first.length ? 'The first ones: ' + first.join(', ') + (set > first.length ? ', …' : '') : ''),
    h('svg', { class: 'bitmap', viewBox: `0 0 ${across * size} ${rows * size}`, role: 'img', 'aria-label': `${count(n)} bits in rows of ${across}, ${count(set)} of them set` },
      h('rect', { class: 'bits-off', width: n >= across ? across * size : n * size, height: rows * size }), h('path', { class: 'bits-on', d })),
    data.length * 8 > most && h('p', { class: 'muted' }, 'Only the first ' + count(most) + ' bits are drawn.'))
}
