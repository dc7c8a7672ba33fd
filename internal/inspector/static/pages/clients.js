import { get, keyLink, link, run } from '../api.js'
import { card, code, empty, h, num, put, say, table } from '../dom.js'
import { bytes, count, line, span, time } from '../format.js'

export default async function clients(page) {
  const waiting = h('div', {}), all = h('div', {})
  put(page.view, h('h1', {}, 'Clients'), waiting, all)
  await draw()
  page.onChange(draw)

  async function draw() {
    const list = await get('clients')
    if (!page.here()) return
    const blocked = list.filter(c => c.wait)
    put(waiting, card('Who waits for what', blocked.length === 0
      ? empty('Nobody waits.', 'A client that runs ', code('BLPOP'), ', ', code('XREAD BLOCK'), ' or ', code('WAIT'), ' is shown here with what it waits for.')
      : table('Blocked clients', ['client', 'command', 'waits for', 'until'], blocked.map(c => h('tr', {},
        h('th', { scope: 'row' }, name(c)), h('td', { class: 'mono wrap' }, c.wait.command.map(w => line(w, 60)).join(' ')),
        h('td', {}, c.wait.held ? 'the end of a pause or a fault' : c.wait.keys.length
          ? h('ul', { class: 'chips' }, c.wait.keys.map(k => h('li', {}, h('a', { class: 'chip', href: keyLink(c.fields.db, k) }, line(k, 60))))) : 'an answer'),
        h('td', {}, c.wait.deadline ? time(c.wait.deadline) : 'for ever'))))))
    put(all, card(count(list.length) + (list.length === 1 ? ' client' : ' clients'), list.length === 0
      ? empty('No client is connected.', 'Connect one: ', code(`redis-cli -p ${page.server.port}`), '. The inspector itself is none.')
      : table('Clients', ['client', 'address', 'user', 'database', 'last command', 'connected for', 'idle for', 'subscriptions', 'memory', page.server.testing && h('th', { scope: 'col' }, h('span', { class: 'hidden' }, 'end'))].filter(Boolean), list.map(c => h('tr', {},
        h('th', { scope: 'row' }, name(c)), h('td', { class: 'mono' }, c.fields.addr), h('td', {}, c.fields.user), num(c.fields.db),
        h('td', { class: 'mono' }, c.fields.cmd), num(span(c.fields.age * 1000)), num(span(c.fields.idle * 1000)),
        h('td', {}, subscriptions(c)), num(bytes(Number(c.fields['tot-mem']))),
        page.server.testing && h('td', {}, h('button', { type: 'button', 'aria-label': 'End client ' + c.fields.id, onclick: () => kill(c.fields.id) }, 'End')))))))
  }

  async function kill(id) {
    try { await run(0, 'CLIENT', 'KILL', 'ID', id); say('The client is gone.') } catch (err) { say(err.message, true) }
  }
}

function name(c) {
  const lib = c.fields['lib-name']
  return [h('span', { class: 'mono' }, '#' + c.fields.id), c.fields.name ? ' ' + c.fields.name : '', lib ? h('span', { class: 'muted' }, ' ' + lib) : '', c.fields.flags !== 'N' ? h('span', { class: 'flag', title: 'flags of CLIENT LIST' }, c.fields.flags) : '']
}

function subscriptions(c) {
  const all = [...c.channels, ...c.patterns, ...c.shard]
  return all.length === 0 ? '' : h('ul', { class: 'chips' }, all.slice(0, 8).map(s => h('li', {}, h('a', { class: 'chip', href: link('/pubsub') }, line(s, 40)))), all.length > 8 && h('li', {}, `and ${all.length - 8} more`))
}
