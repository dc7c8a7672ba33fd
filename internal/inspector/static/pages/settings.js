import { get } from '../api.js'
import { card, empty, field, h, put, table } from '../dom.js'
import { line } from '../format.js'

export default async function settings(page) {
  const v = await get('settings')
  if (!page.here()) return
  const find = h('input', { type: 'search', 'data-search': true, placeholder: 'maxmemory', spellcheck: 'false' })
  const list = h('div', {})
  find.addEventListener('input', draw)
  put(page.view, h('h1', {}, 'Settings & users'),
    card('Users', table('Users', ['name', 'rules'], v.users.map(u => h('tr', {}, h('th', { scope: 'row', class: 'mono' }, u[1]), h('td', {}, h('ul', { class: 'chips' }, u.slice(2).map(r => h('li', {}, h('span', { class: 'chip mono ' + (r === 'off' || r[0] === '-' ? 'less' : '') }, r)))))))),
      h('p', { class: 'muted' }, 'Passwords are not shown, and neither are their hashes.')),
    card('Settings', field('Find a setting', find), list))
  draw()

  function draw() {
    const words = find.value.toLowerCase().split(/\s+/)
    const rows = v.settings.filter(s => words.every(w => (s.name + ' ' + line(s.value)).toLowerCase().includes(w)))
    put(list, rows.length === 0 ? empty('No setting has that in its name or value.', 'Clear the field to see all.')
      : table('Settings', ['setting', 'value'], rows.map(s => h('tr', {}, h('th', { scope: 'row', class: 'mono' }, s.name), h('td', { class: 'mono wrap' }, line(s.value) || h('span', { class: 'muted' }, '""'))))))
  }
}
