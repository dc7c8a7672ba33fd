// The frame around the pages: addresses, navigation, theme, keys.

import { get, link, setToken, space } from './api.js'
import { h, put, say, empty, code } from './dom.js'
import { time } from './format.js'
import * as live from './live.js'

const pages = [
  ['/', 'Overview', 'overview', 'M3 12h4l3-8 4 16 3-8h4'],
  ['/keys', 'Keys', 'keys', 'M4 6h6M4 12h10M4 18h7M14 6h6M18 12h2M15 18h5'],
  ['/clients', 'Clients', 'clients', 'M4 5h16v11H4zM9 20h6M12 16v4'],
  ['/commands', 'Commands', 'commands', 'M5 7l5 5-5 5M12 18h7'],
  ['/slow', 'Slow log & latency', 'slow', 'M12 21a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 9v4l3 2M9 2h6'],
  ['/pubsub', 'Pub/Sub', 'pubsub', 'M12 12h.01M8.5 8.5a5 5 0 0 0 0 7M15.5 8.5a5 5 0 0 1 0 7M5.5 5.5a9 9 0 0 0 0 13M18.5 5.5a9 9 0 0 1 0 13'],
  ['/scripts', 'Scripts & functions', 'scripts', 'M8 6l-5 6 5 6M16 6l5 6-5 6M13.5 4l-3 16'],
  ['/settings', 'Settings & users', 'settings', 'M4 7h10M18 7h2M16 5v4M4 17h2M10 17h10M8 15v4'],
  ['/testing', 'Testing', 'testing', 'M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3M7.5 15h9'],
]

const main = document.getElementById('main')
export let server = null // what /api/server says
let leave = [] // what ends the page that is shown
let turn = 0

// go shows another page.
export function go(to, replace) {
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  return show(true)
}

document.addEventListener('click', e => {
  const a = e.target.closest('a[href^="/"]')
  if (!a || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || a.target) return
  e.preventDefault()
  go(a.getAttribute('href'))
})
addEventListener('popstate', () => show(true))
addEventListener('hashchange', () => location.reload()) // a new token

function end() {
  for (const f of leave.splice(0)) f()
}

let spaceShown = null

async function show(moved) {
  const mine = ++turn
  end()
  const page = pages.find(p => p[0] === location.pathname) ?? (location.pathname === '/key' ? ['/keys', 'Key', 'key'] : null)
  drawNav(page?.[0])
  document.title = (page?.[1] ?? 'No such page') + ' · Inspector'
  if (!page) return put(main, empty('There is no such page.', h('a', { href: link('/') }, 'Go to the overview')))
  try {
    if (!server || spaceShown !== space()) {
      if (spaceShown !== space()) live.forget()
      server = await get('server')
      spaceShown = space()
      document.getElementById('server').textContent = `${space() ? 'space ' + space() : server.mode} · ${server.testing ? 'testing' : 'read-only'}`
    }
    if (page[2] !== 'commands') live.want({})
    const module = await import(`./pages/${page[2]}.js`)
    if (mine !== turn) return
    const view = h('div', { class: 'page page-' + page[2] })
    const context = {
      server, view, params: new URLSearchParams(location.search),
      // ended has f called when another page is shown.
      ended: f => leave.push(f),
      // on listens to the stream for as long as the page is shown.
      on: (kind, f) => leave.push(live.on(kind, f)),
      onChange: f => leave.push(whenChanged(f)),
      here: () => mine === turn,
    }
    put(main, view)
    await module.default(context)
  } catch (err) {
    if (mine !== turn) return
    if (err.status === 401) return locked()
    if (err.status === 404 && space()) return put(main, empty('This space is gone.', h('a', { href: '/' }, 'Go to the server itself')))
    put(main, h('h1', {}, page[1]), empty('The server does not answer as expected.', String(err.message)))
  }
  if (mine === turn && moved) { main.focus({ preventScroll: true }); scrollTo(0, 0) }
}

// locked asks for the URL with the token.
function locked() {
  const input = h('input', { id: 'token', autocomplete: 'off', spellcheck: 'false' })
  const form = h('form', { class: 'card narrow' }, h('h1', {}, 'Which server is it?'),
    h('p', {}, 'The address of the inspector has a token, which is a new one after each start. It is in the log of the server, after ', code('Inspector:'), '.'),
    h('label', { class: 'field' }, h('span', {}, 'The URL, or its token'), input), h('button', { class: 'primary' }, 'Open'))
  form.addEventListener('submit', e => { e.preventDefault(); setToken(input.value); location.reload() })
  document.title = 'Inspector'
  put(main, form)
}

function drawNav(current) {
  put(document.getElementById('nav'), h('ul', {}, pages.map(([path, name, , icon], i) => h('li', {},
    h('a', { href: link(path), 'aria-current': path === current ? 'page' : null, 'aria-keyshortcuts': String(i + 1) },
      h('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' }, h('path', { d: icon })), h('span', {}, name))))))
}

// whenChanged calls f after something has changed in the server, at most once a second,
// and never while an earlier call runs.
function whenChanged(f) {
  let last = null, running = false, again = false
  const run = async () => {
    if (running) { again = true; return }
    running = true
    try { await f() } catch (err) { if (err.status === 401) locked() }
    running = false
    if (again) { again = false; run() }
  }
  const off = live.on('stats', s => {
    const now = [s.changes, s.expired, s.evicted, s.keys, s.clients, s.blocked].join()
    if (now !== last) run() // what has changed before the first figures came, too
    last = now
  })
  document.addEventListener('changed', run)
  return () => { off(); document.removeEventListener('changed', run) }
}

const themes = ['auto', 'light', 'dark']
const themeButton = document.getElementById('theme')
function drawTheme() { themeButton.textContent = { auto: 'Theme: auto', light: 'Theme: light', dark: 'Theme: dark' }[document.documentElement.dataset.theme] }
themeButton.addEventListener('click', () => {
  const next = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]
  document.documentElement.dataset.theme = next
  localStorage.setItem('theme', next)
  drawTheme()
})

live.on('stats', s => {
  put(document.getElementById('clock'), h('span', { class: 'clock-label' }, s.frozen ? 'Server time, frozen' : 'Server time'), time(s.now))
})
live.on('state', (open, err) => {
  const el = document.getElementById('state')
  el.className = 'state ' + (open ? 'on' : 'off')
  el.textContent = open ? 'Live' : err ? 'Not connected' : 'Connection lost, trying again'
  if (err?.status === 401) locked()
})

// help shows the keys.
function help() {
  const rows = [['1 – 9', 'the pages in their order'], ['/', 'search or filter'], ['↑ ↓', 'through the keys of the tree'], ['← →', 'close and open a branch'], ['Space', 'pause the live commands'], ['?', 'this']]
  const dialog = h('dialog', { 'aria-labelledby': 'help-title' }, h('h2', { id: 'help-title' }, 'Shortcuts'),
    h('dl', {}, rows.map(([key, what]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)])),
    h('form', { method: 'dialog' }, h('button', { class: 'primary' }, 'Close')))
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}
document.getElementById('help').addEventListener('click', help)
addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, textarea, select, dialog')) return
  const page = /^[1-9]$/.test(e.key) && pages[e.key - 1]
  if (page) go(link(page[0]))
  else if (e.key === '/') { e.preventDefault(); document.querySelector('main [data-search]')?.focus() }
  else if (e.key === '?') help()
})

drawTheme()
show(false)

export { say }
