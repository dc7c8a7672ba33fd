import { get, link } from '../api.js'
import { chart } from '../chart.js'
import { card, code, empty, h, put, table } from '../dom.js'
import { bytes, count, nanos, short } from '../format.js'
import { history, rate } from '../live.js'

export default async function overview(page) {
  const tiles = h('div', { class: 'tiles' })
  const charts = [
    [chart('Commands a second', short), () => [rates('commands')]],
    [chart('Hits of reads', v => Math.round(v) + ' %'), () => [history.slice(1).map((_, i) => share(i + 1))]],
    [chart('Memory of the data', bytes), () => [history.map(s => s.memory)]],
    [chart('Latency', nanos, 'median', '99 %'), () => [history.map(s => s.p50), history.map(s => s.p99)]],
    [chart('Bytes a second', v => bytes(Math.round(v)), 'in', 'out'), () => [rates('input'), rates('output')]],
    [chart('Keys', short), () => [history.map(s => s.keys)]],
  ]
  const databases = h('div', {})
  const all = h('div', {})
  put(page.view, h('h1', {}, 'Overview'), tiles, h('div', { class: 'charts' }, charts.map(c => c[0].el)), databases, all)

  const draw = () => {
    const s = history.at(-1)
    if (!s) return
    for (const [c, series] of charts) c.draw(...series())
    put(tiles, tile('Keys', count(s.keys), '/keys'), tile('Memory', bytes(s.memory)), tile('Clients', count(s.clients), '/clients'),
      tile('Blocked', count(s.blocked), '/clients'), tile('Commands', short(s.commands), '/commands'), tile('Expired', short(s.expired)))
    const list = Object.entries(s.databases).sort((a, b) => a[0] - b[0])
    put(databases, card('Databases', list.length
      ? h('ul', { class: 'chips' }, list.map(([db, n]) => h('li', {}, h('a', { class: 'chip', href: link('/keys', { db }) }, 'database ' + db, h('b', {}, count(n))))))
      : empty('There is no key yet.', 'Write one, for example with ', code(`redis-cli -p ${page.server.port} SET greeting hello`), '. It appears here at once.')))
  }
  page.on('stats', draw)
  draw()

  const sections = await get('info')
  if (!page.here()) return
  const find = h('input', { type: 'search', 'data-search': true, placeholder: 'memory, clients, …' })
  const lists = h('div', {})
  find.addEventListener('input', drawInfo)
  put(all, card('All of INFO', h('label', { class: 'field' }, h('span', {}, 'Find a field'), find), lists))
  drawInfo()

  function drawInfo() {
    const words = find.value.toLowerCase()
    put(lists, sections.map(s => {
      const fields = s.fields.filter(([name]) => (s.name + ' ' + name).toLowerCase().includes(words))
      return fields.length > 0 && h('details', { open: words !== '' }, h('summary', {}, s.name, h('span', { class: 'muted' }, ' ' + fields.length)),
        table(s.name, ['field', 'value'], fields.map(([name, value]) => h('tr', {}, h('th', { scope: 'row' }, code(name)), h('td', { class: 'mono wrap' }, value)))))
    }))
  }

  function tile(name, value, to) {
    return h(to ? 'a' : 'div', { class: 'tile', href: to && link(to) }, h('span', {}, name), h('b', {}, value))
  }
}

function rates(name) { return history.slice(1).map((_, i) => rate(name, i + 1)) }

function share(i) {
  const hits = rate('hits', i), misses = rate('misses', i)
  return hits + misses ? hits * 100 / (hits + misses) : 0
}
