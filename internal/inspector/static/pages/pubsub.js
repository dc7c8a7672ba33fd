import { get, link, run } from '../api.js'
import { card, code, empty, field, h, num, put, say, table } from '../dom.js'
import { count, line } from '../format.js'

export default async function pubsub(page) {
  const list = h('div', {})
  const events = h('div', {})
  put(page.view, h('h1', {}, 'Pub/Sub'), list, page.server.testing && publish(), events)
  let before = ''
  await draw()
  page.onChange(draw)
  const timer = setInterval(() => { if (!document.hidden) draw() }, 2000)
  page.ended(() => clearInterval(timer))

  async function draw() {
    const v = await get('pubsub')
    if (!page.here() || JSON.stringify(v) === before) return
    before = JSON.stringify(v)
    put(list, card('Subscriptions', v.channels.length === 0
      ? empty('Nobody is subscribed.', 'Subscribe: ', code(`redis-cli -p ${page.server.port} SUBSCRIBE news`))
      : table('Subscriptions', ['kind', 'name', 'subscribers', 'clients', 'messages'], v.channels.map(c => h('tr', {},
        h('td', {}, h('span', { class: 'type kind-' + c.kind }, c.kind)), h('th', { scope: 'row', class: 'mono wrap' }, line(c.name)), num(count(c.clients.length)),
        h('td', { class: 'mono wrap' }, c.clients.slice(0, 20).map(id => '#' + id).join(' ')),
        h('td', {}, h('a', { href: link('/commands', { filter: 'publish ' + (c.kind === 'pattern' ? '' : line(c.name, 60)) }) }, 'Watch')))))))
    put(events, card('Keyspace events', v.events
      ? h('p', {}, 'Keys announce their changes: ', code('notify-keyspace-events ' + v.events), '.')
      : empty('Keys announce no changes.', code('CONFIG SET notify-keyspace-events KEA'), ' makes them.')))
  }

  function publish() {
    const channel = h('input', { spellcheck: 'false' }), message = h('input', {})
    const form = h('form', { class: 'inline' }, field('Channel', channel), field('Message', message), h('button', { class: 'primary' }, 'Publish'))
    form.addEventListener('submit', async e => {
      e.preventDefault()
      try {
        const n = await run(0, 'PUBLISH', channel.value, message.value)
        say(n === 1 ? 'One client got it.' : count(n) + ' clients got it.')
      } catch (err) { say(err.message, true) }
    })
    return card('Publish a message', form)
  }
}
