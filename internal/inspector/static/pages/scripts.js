import { get } from '../api.js'
import { card, code, empty, h, put } from '../dom.js'
import { bytes, bytesOf, count, escaped, isBinary, line } from '../format.js'

export default async function scripts(page) {
  const functions = h('div', {}), cached = h('div', {})
  put(page.view, h('h1', {}, 'Scripts & functions'), functions, cached)
  let before = ''
  await draw()
  page.onChange(draw)

  async function draw() {
    const v = await get('scripts')
    if (!page.here() || JSON.stringify(v) === before) return
    before = JSON.stringify(v)
    put(functions, card('Functions', v.libraries.length === 0
      ? empty('No library is loaded.', 'Load one: ', code(`redis-cli -p ${page.server.port} -x FUNCTION LOAD < library.lua`))
      : v.libraries.map(l => h('section', { class: 'group' }, h('h3', {}, line(l.name)),
        h('ul', { class: 'plain' }, l.functions.map(f => h('li', {}, code(line(f.name)), f.description ? ' ' + line(f.description) : '', f.flags.map(x => h('span', { class: 'flag' }, line(x)))))),
        h('details', { open: v.libraries.length === 1 }, h('summary', {}, 'Code'), source(l.code))))))
    put(cached, card('Scripts', v.scripts.length === 0
      ? empty('No script is kept.', 'EVAL and SCRIPT LOAD keep scripts for EVALSHA: ', code(`redis-cli -p ${page.server.port} EVAL "return 1" 0`))
      : [h('p', { class: 'muted' }, count(v.scripts.length) + ' kept for EVALSHA'), v.scripts.map(s => h('details', { open: v.scripts.length === 1 }, h('summary', {}, code(s.sha), h('span', { class: 'muted' }, ' ' + bytes(bytesOf(s.source).length))), source(s.source)))]))
  }
}

function source(v) {
  return h('pre', { class: 'value', tabindex: '0' }, isBinary(v) ? line(v, 1e6) : escaped(typeof v === 'string' ? v : v.text, true))
}
