import { go } from '../app.js'
import { link } from '../api.js'
import { code, empty, field, h, put } from '../dom.js'
import { clockTime, count, nanos } from '../format.js'
import * as live from '../live.js'

const most = 400 // rows that are kept

export default async function commands(page) {
  const filter = page.params.get('filter') ?? '', least = page.params.get('least') ?? ''
  const words = h('input', { type: 'search', 'data-search': true, value: filter, placeholder: 'get user: -ping', spellcheck: 'false', autocapitalize: 'off' })
  const micros = h('input', { type: 'number', min: '0', step: '1', value: least, inputmode: 'numeric' })
  const pause = h('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause')
  const clear = h('button', { type: 'button' }, 'Clear')
  const form = h('form', { class: 'toolbar', role: 'search' }, field('Words that occur, or with a minus do not', words), field('Slower than, in µs', micros),
    h('button', { class: 'primary' }, 'Filter'), pause, clear)
  form.addEventListener('submit', e => { e.preventDefault(); go(link('/commands', { filter: words.value, least: micros.value })) })
  const head = h('p', { class: 'muted' })
  const list = h('ol', { class: 'feed card', tabindex: '0', 'aria-busy': 'true', 'aria-label': 'Commands, the newest first' })
  put(page.view, h('h1', {}, 'Commands'), form, head, list)

  let paused = false, shown = 0, lost = 0, waiting = []
  put(list, h('li', { class: 'none' }, empty('Nothing has happened yet.', filter || least ? 'Commands that pass the filter appear here as they run.' : ['Each command appears here as it runs. Send one: ', code(`redis-cli -p ${page.server.port} PING`)])))
  pause.addEventListener('click', toggle)
  clear.addEventListener('click', () => { put(list); shown = lost = 0; waiting = []; status() })
  const key = e => { if (e.key === ' ' && !e.target.closest('input, button, a, select, summary')) { e.preventDefault(); toggle() } }
  addEventListener('keydown', key)
  page.ended(() => removeEventListener('keydown', key))
  page.on('commands', ({ lines, lost: n }) => {
    lost += n
    if (paused) { waiting = [...waiting, ...lines].slice(-most); status(); return }
    draw(lines)
  })
  page.on('stats', () => list.setAttribute('aria-busy', 'false')) // the server watches from the first figures on
  live.want({ commands: '1', filter, least })
  status()

  function toggle() {
    paused = !paused
    pause.setAttribute('aria-pressed', String(paused))
    pause.textContent = paused ? 'Go on' : 'Pause'
    if (!paused) { draw(waiting); waiting = [] }
    status()
  }

  function draw(lines) {
    list.querySelector('.none')?.remove()
    shown += lines.length
    list.prepend(...lines.slice(-most).reverse().map(row))
    while (list.children.length > most) list.lastElementChild.remove()
    status()
  }

  function status() {
    head.textContent = [count(shown) + ' shown', lost ? count(lost) + ' left out, since they came faster than they can be shown' : '', paused ? count(waiting.length) + ' wait' : ''].filter(Boolean).join(' · ')
  }
}

function row(l) {
  const space = l.text.indexOf(' ')
  const name = space < 0 ? l.text : l.text.slice(0, space)
  const slow = l.took > 1e7 ? 'took slow' : l.took > 1e6 ? 'took warm' : 'took'
  return h('li', { class: l.error ? 'failed' : '' },
    h('time', {}, clockTime(l.at)), h('span', { class: slow }, l.blocked ? 'waits' : nanos(l.took)),
    h('span', { class: 'who', title: l.addr }, l.script ? 'script' : l.program ? 'program' : '#' + l.client),
    h('span', { class: 'command' }, h('b', {}, name.toUpperCase()), space < 0 ? '' : l.text.slice(space), l.error && h('span', { class: 'error' }, l.error)))
}
