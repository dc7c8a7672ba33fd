// A small chart of the last minutes: a line and the area below it.

import { h } from './dom.js'

const width = 320, height = 84, least = 30, most = 120 // points

// chart returns an element, and a function that draws series of numbers in it.
export function chart(title, show, ...names) {
  const value = h('span', { class: 'chart-value' }, '–')
  const paths = Array.from({ length: names.length || 1 }, (_, i) => h('path', { class: 'line series' + i, 'vector-effect': 'non-scaling-stroke' }))
  const area = h('path', { class: 'area' })
  const top = h('span', { class: 'chart-top' })
  const svg = h('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': title }, area, paths)
  const legend = names.length > 1 && h('span', { class: 'legend' }, names.map((name, i) => h('span', { class: 'key' + i }, name)))
  const el = h('figure', { class: 'chart' }, h('figcaption', {}, h('span', {}, title), legend), value, svg, top)
  return { el, draw }

  function draw(...series) {
    series = series.map(s => s.slice(-most))
    const points = Math.max(least, series[0].length), highest = Math.max(...series.flat(), 0)
    const y = v => height - 2 - (highest ? v / highest : 0) * (height - 8)
    series.forEach((s, i) => {
      const x = j => width - (s.length - 1 - j) * width / (points - 1)
      const d = s.map((v, j) => (j ? 'L' : 'M') + x(j).toFixed(1) + ' ' + y(v).toFixed(1)).join('')
      paths[i].setAttribute('d', d)
      if (i === series.length - 1 && s.length > 1) area.setAttribute('d', d + `L${width} ${height}L${x(0).toFixed(1)} ${height}Z`)
    })
    const now = series.map(s => show(s.at(-1) ?? 0)).join(' / ')
    value.textContent = now
    top.textContent = highest ? 'most ' + show(highest) : ''
    svg.setAttribute('aria-label', title + ': ' + now)
  }
}
