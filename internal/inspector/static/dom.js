// Elements are made by h alone. Children are text or elements: nothing that comes from
// the server is ever read as HTML.

const svgTags = new Set(['svg', 'path', 'line', 'circle', 'rect', 'g', 'defs', 'linearGradient', 'stop', 'text'])

// h makes an element. Properties that begin with "on" are listeners, true is an
// attribute without a value, and null, undefined and false are left out.
export function h(tag, props, ...children) {
  const el = svgTags.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag)
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value)
    else if (name === 'value' || name === 'checked' || name === 'selected') el[name] = value
    else el.setAttribute(name, value === true ? '' : value)
  }
  add(el, children)
  return el
}

function add(el, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(el, child)
    else if (child !== null && child !== undefined && child !== false) el.append(child)
  }
}

// put replaces the children of an element. If one of them has the focus, the new one
// that is like it gets it.
export function put(el, ...children) {
  const was = el !== document.activeElement && el.contains(document.activeElement) ? document.activeElement : null
  const likeIt = was && (() => [...el.querySelectorAll(was.tagName)].filter(other => label(other) === label(was)))
  const at = was && likeIt().indexOf(was)
  el.replaceChildren()
  add(el, children)
  if (was) likeIt()[at]?.focus({ preventScroll: true })
  return el
}

function label(el) { return el.getAttribute('href') ?? el.getAttribute('aria-label') ?? el.textContent }

// empty is what stands where there is nothing: what it is, and what to do next.
export function empty(title, ...next) {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), h('p', {}, ...next))
}

export function code(text) { return h('code', {}, text) }

// table makes a table that scrolls within itself when it is too wide.
export function table(caption, heads, rows) {
  heads = heads.map(head => typeof head === 'string' ? h('th', { scope: 'col' }, head) : head)
  heads.forEach((head, i) => { if (rows[0]?.children[i]?.className === 'num') head.className = 'num' })
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', { class: 'hidden' }, caption),
      h('thead', {}, h('tr', {}, heads)),
      h('tbody', {}, rows)))
}

export function num(text) { return h('td', { class: 'num' }, text) }

export function card(title, ...children) {
  return h('section', { class: 'card' }, h('h2', {}, title), ...children)
}

// field is a control with its label.
export function field(label, control, hidden) {
  return h('label', { class: 'field' }, h('span', { class: hidden ? 'hidden' : '' }, label), control)
}

let saying
// say shows a short message for a while, and has it read out.
export function say(text, bad) {
  const el = document.getElementById('said')
  el.textContent = text
  el.className = 'said shown' + (bad ? ' bad' : '')
  clearTimeout(saying)
  saying = setTimeout(() => { el.className = 'said' }, bad ? 6000 : 2500)
}
