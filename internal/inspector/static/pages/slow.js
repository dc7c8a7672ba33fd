import { get, run } from '../api.js'
import { card, code, empty, h, num, put, say, table } from '../dom.js'
import { count, line, nanos, time } from '../format.js'

export default async function slow(page) {
  const log = h('div', {}), latency = h('div', {}), totals = h('div', {})
  put(page.view, h('h1', {}, 'Slow log & latency'), log, latency, totals)
  let by = 'usec'
  await draw()
  page.onChange(draw)
  const timer = setInterval(() => { if (!document.hidden && !document.activeElement.closest('main button')) draw() }, 5000)
  page.ended(() => clearInterval(timer))

  async function draw() {
    const v = await get('slow')
    if (!page.here()) return
    const limit = Number(v.slower)
    put(log, card('Slow log', v.entries.length === 0
      ? empty(limit < 0 ? 'The slow log is off.' : `No command took ${nanos(limit * 1000)} or more.`, 'A lower limit shows more: ', code('CONFIG SET slowlog-log-slower-than 100'), ' is 100 µs.',
        page.server.testing && h('button', { type: 'button', onclick: () => set(['CONFIG', 'SET', 'slowlog-log-slower-than', '0'], 'Every command is logged now.') }, 'Log all commands'))
      : table('Slow log', ['when', 'took', 'command', 'client'], v.entries.map(e => h('tr', {}, h('td', {}, time(e.at * 1000)), num(nanos(e.took * 1000)),
        h('td', { class: 'mono wrap' }, e.args.map(a => line(a, 100)).join(' ')), h('td', { class: 'mono' }, line(e.client) || line(e.addr)))))))
    put(latency, card('Latency of events', v.latest.length === 0
      ? empty(v.monitor === '0' ? 'The monitor is off.' : `No event took ${v.monitor} ms or more.`, code('CONFIG SET latency-monitor-threshold 10'), ' keeps what takes 10 ms or more.')
      : table('Latency of events', ['event', 'last', 'took', 'most'], v.latest.map(e => h('tr', {}, h('th', { scope: 'row' }, line(e[0])), h('td', {}, time(e[1] * 1000)), num(e[2] + ' ms'), num(e[3] + ' ms'))))))
    const rows = v.commands.map(c => ({ ...c, calls: Number(c.fields.calls), usec: Number(c.fields.usec), each: Number(c.fields.usec_per_call) }))
    rows.sort((a, b) => by === 'name' ? (a.name < b.name ? -1 : 1) : b[by] - a[by])
    const head = (key, text) => h('th', { scope: 'col', 'aria-sort': by === key ? (key === 'name' ? 'ascending' : 'descending') : null }, h('button', { type: 'button', class: 'sort', onclick: () => { by = key; draw() } }, text))
    put(totals, card('Commands', rows.length === 0
      ? empty('No command has run yet.', 'Send one: ', code(`redis-cli -p ${page.server.port} PING`))
      : table('Commands', [head('name', 'command'), head('calls', 'calls'), head('usec', 'time in all'), head('each', 'time each'), 'median', '99 %', '99.9 %', 'failed'], rows.map(c => h('tr', {},
        h('th', { scope: 'row', class: 'mono' }, c.name), num(count(c.calls)), num(nanos(c.usec * 1000)), num(nanos(c.each * 1000)),
        ['p50', 'p99', 'p99.9'].map(p => num(c.percentiles[p] === undefined ? '' : nanos(c.percentiles[p] * 1000))), num(count(Number(c.fields.failed_calls) + Number(c.fields.rejected_calls))))))))
  }

  async function set(args, text) {
    try { await run(0, ...args); say(text) } catch (err) { say(err.message, true) }
  }
}
