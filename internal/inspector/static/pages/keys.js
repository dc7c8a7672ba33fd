import { get, keyLink, link } from '../api.js'
import { go } from '../app.js'
import { code, empty, field, h, put } from '../dom.js'
import { bytes, count, isBinary, line, ttl } from '../format.js'

const types = ['string', 'hash', 'list', 'set', 'zset', 'stream', 'array']
const many = 200 // rows of a branch that are drawn at once

export default async function keys(page) {
  const p = page.params
  const db = p.get('db') ?? '0', match = p.get('match') ?? '', type = p.get('type') ?? '', separator = p.get('by') ?? ':'
  const search = h('input', { type: 'search', 'data-search': true, value: match, placeholder: 'user:*', spellcheck: 'false', autocapitalize: 'off' })
  const form = h('form', { class: 'toolbar', role: 'search' },
    field('Database', select(Array.from({ length: Math.min(page.server.databases, 256) }, (_, i) => String(i)), db, 'db')),
    field('Pattern or beginning', search),
    field('Type', select(['', ...types], type, 'type', { '': 'all' })),
    field('Branches at', select([':', '/', '.', '-', ''], separator, 'by', { '': 'none' })),
    h('button', { class: 'primary' }, 'Find'))
  form.addEventListener('submit', e => { e.preventDefault(); find() })
  for (const s of form.querySelectorAll('select')) s.addEventListener('change', find)
  const head = h('p', { class: 'muted', role: 'status' }, 'Looking…')
  const tree = h('div', { class: 'tree card' })
  const foot = h('div', {})
  put(page.view, h('h1', {}, 'Keys'), form, head, tree, foot)
  tree.addEventListener('keydown', arrows)

  let found = new Map() // by the key in JSON
  let cursor = '', total = 0, now = 0, pagesRead = 0
  const opened = new Map() // path of a branch: whether the user wants it open

  await more()
  if (!page.here()) return
  page.onChange(refresh)
  page.on('stats', s => {
    // What is past its time is gone, whether or not the list has been read again.
    if (s.frozen && s.now === now && found.size) return
    let gone = false
    for (const [id, k] of found) if (k.ttl >= 0 && k.until <= s.now) { found.delete(id); gone = true; total-- }
    now = s.now
    if (gone) draw()
    else for (const el of tree.querySelectorAll('[data-until]')) el.textContent = ttl(Math.max(el.dataset.until - now, 0))
  })

  function find() {
    const v = Object.fromEntries([...form.querySelectorAll('select')].map(s => [s.name, s.value]))
    const text = search.value && !/[*?[\\]/.test(search.value) ? search.value + '*' : search.value
    go(link('/keys', { db: v.db === '0' ? '' : v.db, match: text, type: v.type, ...v.by !== ':' && { by: v.by || 'none' } }))
  }

  async function read(at) { return get('keys', { db, cursor: at, match, type }) }

  function keep(answer) {
    for (const k of answer.keys) found.set(JSON.stringify(k.key), { ...k, until: answer.now + k.ttl })
    cursor = answer.cursor
    total = answer.total
    now = answer.now
  }

  async function more() {
    keep(await read(cursor))
    pagesRead++
    draw()
  }

  // refresh reads as many pages again as are shown, if they are few.
  async function refresh() {
    if (pagesRead > 4) return
    const before = found, n = pagesRead
    found = new Map()
    cursor = ''
    for (let i = 0; i < n; i++) {
      const answer = await read(cursor)
      if (!page.here()) return
      keep(answer)
      if (cursor === '0') break
    }
    const same = before.size === found.size && [...found].every(([id, k]) => JSON.stringify(before.get(id)) === JSON.stringify(k))
    if (!same) draw()
  }

  function draw() {
    const focused = document.activeElement?.closest('.tree') && document.activeElement.dataset.at
    head.textContent = total === 0 ? 'Database ' + db + ' is empty.'
      : cursor === '0' ? count(found.size) + (match || type ? ' of ' + count(total) + ' keys match' : found.size === 1 ? ' key' : ' keys')
        : count(found.size) + ' of ' + count(total) + ' keys are read so far'
    if (found.size === 0) {
      put(tree, total === 0
        ? empty('There is no key in database ' + db + '.', 'Write one, for example with ', code(`redis-cli -p ${page.server.port} -n ${db} SET user:1 ann`), '. It appears here at once.')
        : cursor === '0' ? empty('No key matches.', 'In a pattern * stands for any characters. ', h('a', { href: link('/keys', { db }) }, 'Show all keys'))
          : empty('No key matches among those read so far.', 'There are more to look through.'))
    } else {
      const root = { path: '', branches: new Map(), leaves: [], count: 0, size: 0 }
      const by = separator === 'none' ? '' : separator
      for (const k of found.values()) plant(root, k, by)
      put(tree, rows(root, found.size <= 60))
    }
    put(foot, cursor !== '0' && h('button', { class: 'primary', onclick: e => { e.target.disabled = true; more() } }, 'Read more keys'))
    if (focused) tree.querySelector(`[data-at="${CSS.escape(focused)}"]`)?.focus()
  }

  function plant(root, k, by) {
    let at = root
    root.count++
    root.size += k.size
    const parts = by && !isBinary(k.key) ? (typeof k.key === 'string' ? k.key : k.key.text).split(by) : [null]
    for (const part of parts.slice(0, -1)) {
      if (!at.branches.has(part)) at.branches.set(part, { name: part + by, path: at.path + part + by, branches: new Map(), leaves: [], count: 0, size: 0 })
      at = at.branches.get(part)
      at.count++
      at.size += k.size
    }
    at.leaves.push({ k, name: parts.at(-1) })
  }

  function rows(node, open) {
    // A branch of one key is no branch.
    const [alone, branches] = [[...node.branches.values()].filter(b => b.count === 1), [...node.branches.values()].filter(b => b.count > 1)]
    const leaves = [...node.leaves, ...alone.map(b => only(b, b.name))]
    const list = [...branches.sort((a, b) => order.compare(a.name, b.name)).map(b => () => branch(b, open)),
      ...leaves.sort((a, b) => order.compare(line(a.k.key), line(b.k.key))).map(l => () => leaf(l))]
    const ul = h('ul', {}, list.slice(0, many).map(f => f()))
    if (node.path && cursor !== '0') {
      ul.append(h('li', {}, h('a', { class: 'rest', href: link('/keys', { db: db === '0' ? '' : db, match: node.path.replace(/[*?[\]\\]/g, '\\$&') + '*', type, by: separator === ':' ? '' : separator }) }, 'Find all that begin with ' + line(node.path))))
    }
    if (list.length > many) {
      const rest = h('li', {}, h('button', { class: 'quiet', onclick: () => rest.replaceWith(...list.slice(many).map(f => f())) }, `Show ${count(list.length - many)} more`))
      ul.append(rest)
    }
    return ul
  }

  function only(b, above) {
    if (b.leaves.length) return { k: b.leaves[0].k, name: above + b.leaves[0].name }
    const [next] = b.branches.values()
    return only(next, above + next.name)
  }

  function branch(b, open) {
    const isOpen = opened.get(b.path) ?? open
    const details = h('details', { open: isOpen },
      h('summary', { 'data-at': 'branch ' + b.path }, h('span', { class: 'name' }, line(b.name)), h('span', { class: 'muted of' }, count(b.count) + (b.count === 1 ? ' key' : ' keys') + ' · ' + bytes(b.size))),
      isOpen && rows(b, open))
    details.addEventListener('toggle', () => {
      opened.set(b.path, details.open)
      if (details.open && details.children.length === 1) details.append(rows(b, false))
    })
    return h('li', {}, details)
  }

  function leaf({ k, name }) {
    return h('li', {}, h('a', { class: 'leaf', href: keyLink(db, k.key), 'data-at': 'key ' + JSON.stringify(k.key), title: line(k.key) },
      h('span', { class: 'type type-' + k.type }, k.type),
      h('span', { class: 'name' }, name === null ? line(k.key) : line(name) || '(empty)'),
      h('span', { class: 'ttl', ...k.ttl >= 0 && { 'data-until': k.until } }, k.ttl >= 0 ? ttl(Math.max(k.until - now, 0)) : ''),
      h('span', { class: 'enc muted' }, k.encoding), h('span', { class: 'size' }, bytes(k.size))))
  }
}

// order has user:2 before user:10.
const order = new Intl.Collator('en', { numeric: true })

function select(values, chosen, name, names = {}) {
  return h('select', { name }, values.map(v => h('option', { value: v, selected: v === chosen || v === '' && chosen === 'none' }, names[v] ?? v)))
}

// arrows moves through the tree.
function arrows(e) {
  const all = [...e.currentTarget.querySelectorAll('summary, a.leaf, button')].filter(el => el.offsetParent)
  const i = all.indexOf(document.activeElement)
  if (i < 0) return
  const details = document.activeElement.closest('summary')?.parentElement
  if (e.key === 'ArrowDown') all[i + 1]?.focus()
  else if (e.key === 'ArrowUp') all[i - 1]?.focus()
  else if (e.key === 'ArrowRight' && details) details.open = true
  else if (e.key === 'ArrowLeft') {
    if (details?.open) details.open = false
    else document.activeElement.parentElement.closest('ul')?.closest('details')?.querySelector('summary').focus()
  } else return
  e.preventDefault()
}
