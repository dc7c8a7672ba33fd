import { get, link, run } from '../api.js'
import { card, code, empty, field, h, num, put, say, table } from '../dom.js'
import { count, line, reply, span, time, words } from '../format.js'

// steps are how far the slider moves the clock, in seconds.
const steps = [0, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 30 * 86400, 365 * 86400]

function wide(el) {
  el.classList.add('wide')
  return el
}

export default async function testing(page) {
  if (!page.server.testing) {
    put(page.view, h('h1', {}, 'Testing'), empty('The test controls are off, so this page changes nothing.', 'Start the server with ', code('resp-server --inspector --testing'),
      ', or in Go with ', code('StartTest'), ': then the clock, faults, snapshots, forks and spaces are here, and commands can be run.'))
    return
  }
  const shown = h('p', { class: 'bigclock', role: 'timer' }), state = h('p', { class: 'muted' })
  const freeze = h('button', { type: 'button', onclick: () => act(page.frozen ? 'The clock runs again.' : 'The clock stands still.', 'CLOCK', page.frozen ? 'RESUME' : 'FREEZE') })
  const slider = h('input', { type: 'range', min: '0', max: String(steps.length - 1), value: '0', step: '1', 'aria-describedby': 'by' })
  const by = h('output', { id: 'by' }, 'by nothing')
  const move = h('button', { type: 'button', class: 'primary', onclick: async () => { await advance(steps[slider.value]); slider.value = '0'; slide() } }, 'Move the clock')
  slider.addEventListener('input', slide)
  const date = h('input', { type: 'datetime-local', step: '1' })
  const set = h('form', { class: 'inline' }, field('Set it to (UTC)', date), h('button', {}, 'Set'))
  set.addEventListener('submit', e => { e.preventDefault(); if (date.value) act('The clock is set.', 'CLOCK', 'SET', String(Date.parse(date.value + 'Z'))) })
  const faults = h('div', {}), snapshots = h('div', {}), forks = h('div', {}), spaces = h('div', {})
  put(page.view, h('h1', {}, 'Testing'), h('div', { class: 'grid' },
    card('Clock', shown, state, h('div', { class: 'row' }, freeze, [1, 60, 3600, 86400].map(s => h('button', { type: 'button', onclick: () => advance(s) }, '+ ' + span(s * 1000)))),
      field('How far', slider), h('div', { class: 'row' }, by, move), set),
    card('Faults', faults, faultForm()),
    card('Snapshots', snapshots, snapshotForm()),
    card('Forks', forks, h('button', { type: 'button', onclick: () => act('A fork listens.', 'FORK') }, 'Fork the server')),
    wide(card('Spaces', spaces)), consoleCard()))
  let before = ''
  slide()
  page.on('stats', s => drawClock(s))
  await draw()
  page.onChange(draw)

  function slide() { by.textContent = Number(slider.value) === 0 ? 'by nothing' : 'by ' + span(steps[slider.value] * 1000) }

  async function advance(seconds) {
    if (seconds) await act('The clock has moved by ' + span(seconds * 1000) + '.', 'CLOCK', 'ADVANCE', String(seconds * 1000))
  }

  async function act(text, ...args) {
    try { await run(0, 'TESTING', ...args); say(text) } catch (err) { say(err.message, true) }
  }

  function drawClock(s) {
    page.frozen = s.frozen
    shown.textContent = time(s.now)
    const off = s.now - s.real
    state.textContent = (s.frozen ? 'Frozen' : 'Running') + (Math.abs(off) < 1500 ? ', as the real time' : `, ${span(Math.abs(off))} ${off < 0 ? 'behind' : 'ahead of'} the real time`)
    freeze.textContent = s.frozen ? 'Let it run' : 'Freeze'
  }

  async function draw() {
    const v = await get('testing')
    if (!page.here()) return
    drawClock(v)
    const now = JSON.stringify([v.faults, v.snapshots, v.forks, v.spaces])
    if (now === before) return
    before = now
    put(faults, v.faults.length === 0 ? empty('Nothing goes wrong.', 'Add a rule, such as ', code('COMMAND GET DO DELAY 500'), '.')
      : table('Faults', ['name', 'rule', 'hits', h('th', { scope: 'col' }, h('span', { class: 'hidden' }, 'end'))], v.faults.map(f => h('tr', {}, h('th', { scope: 'row', class: 'mono' }, line(f.name)), h('td', { class: 'mono wrap' }, line(f.rule)), num(count(f.hits)),
        h('td', {}, h('button', { type: 'button', 'aria-label': 'End fault ' + line(f.name), onclick: () => act('The fault is over.', 'FAULT', 'DEL', f.name) }, 'End'))))))
    put(snapshots, v.snapshots.length === 0 ? empty('There is no snapshot.', 'Take one, change what you like, and go back.')
      : h('ul', { class: 'plain' }, v.snapshots.map(s => h('li', { class: 'row' }, h('span', { class: 'mono grow' }, line(s)), h('button', { type: 'button', 'aria-label': 'Go back to ' + line(s), onclick: () => act('The server is what it was.', 'RESTORE', s) }, 'Go back')))))
    put(forks, v.forks.length === 0 ? empty('There is no fork made here.', 'A fork is an independent server with the same data, at once.')
      : h('ul', { class: 'plain' }, v.forks.map(f => h('li', { class: 'row' }, h('span', { class: 'mono grow' }, 'redis-cli -u redis://' + f), h('button', { type: 'button', 'aria-label': 'End fork ' + f, onclick: () => act('The fork is gone.', 'CLOSE', f) }, 'End')))))
    put(spaces, v.spaces.length === 0 ? empty('There is no space.', 'With ', code('--spaces yes'), ' a client that logs in as the user ', code('space:NAME'), ' has a server of its own.')
      : h('ul', { class: 'plain' }, v.spaces.map(s => h('li', { class: 'row' }, h('a', { class: 'mono grow', href: link('/', { space: s }) }, line(s)), h('button', { type: 'button', 'aria-label': 'End space ' + line(s), onclick: () => act('The space is gone.', 'CLOSE', 'space:' + s) }, 'End')))),
    new URLSearchParams(location.search).has('space') && h('p', {}, h('a', { href: '/testing?space=' }, 'Back to the server itself')))
  }

  function faultForm() {
    const name = h('input', { value: 'slow', spellcheck: 'false' }), rule = h('input', { value: '', placeholder: 'COMMAND GET KEY user:* DO DELAY 500', spellcheck: 'false' })
    const form = h('form', { class: 'inline' }, field('Name', name), field('Rule', rule), h('button', {}, 'Add'))
    form.addEventListener('submit', e => {
      e.preventDefault()
      try { act('The rule holds.', 'FAULT', 'ADD', name.value, ...words(rule.value)) } catch (err) { say(err.message, true) }
    })
    return form
  }

  function snapshotForm() {
    const name = h('input', { value: 'before', spellcheck: 'false' })
    const form = h('form', { class: 'inline' }, field('Name', name), h('button', {}, 'Take a snapshot'),
      h('button', { type: 'button', onclick: () => act('The server is as after its start.', 'RESET') }, 'Back to the start'))
    form.addEventListener('submit', e => { e.preventDefault(); act('Taken.', 'SNAPSHOT', name.value) })
    return form
  }

  function consoleCard() {
    const input = h('input', { class: 'mono', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', placeholder: 'SET user:1 ann EX 60', 'data-search': true })
    const out = h('pre', { class: 'value console', tabindex: '0', 'aria-label': 'Replies', role: 'log' }, 'Replies appear here.')
    const past = []
    let at = 0
    const form = h('form', { class: 'inline' }, field('Command', input), h('button', { class: 'primary' }, 'Run'))
    input.addEventListener('keydown', e => {
      if (e.key !== 'ArrowUp' && e.key !== 'ArrowDown') return
      at = Math.max(0, Math.min(past.length, at + (e.key === 'ArrowUp' ? -1 : 1)))
      input.value = past[at] ?? ''
      e.preventDefault()
    })
    form.addEventListener('submit', async e => {
      e.preventDefault()
      const text = input.value.trim()
      if (!text) return
      past.push(text)
      at = past.length
      input.value = ''
      let answer
      try { answer = reply(await run(0, ...words(text))) } catch (err) { answer = '(error) ' + err.message }
      out.textContent = (past.length > 1 ? out.textContent + '\n' : '') + '> ' + text + '\n' + answer
      out.scrollTop = out.scrollHeight
    })
    return wide(card('Console', out, form))
  }
}
