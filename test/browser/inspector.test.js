// The inspector in a browser.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { connect, fill, start } from './server.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const pages = ['/', '/keys', '/key?key=user:1', '/key?key=orders', '/key?key=active:today', '/key?key=session:7919', '/key?key=board:weekly', '/key?key=nosuch',
  '/clients', '/commands', '/slow', '/pubsub', '/scripts', '/settings', '/testing']
const patience = Number(process.env.PATIENCE ?? 60_000)

let browser, full, empty

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP evil.example 127.0.0.1'],
  })
  full = await start('--testing', '--spaces', 'yes')
  await fill(full.client)
  full.others = [await connect(full.port), await connect(full.port), await connect(full.port)]
  const [worker, reader, guest] = full.others
  await worker.call('CLIENT', 'SETNAME', 'worker')
  worker.call('BLPOP', 'queue:jobs', 'queue:urgent', '0')
  reader.call('SUBSCRIBE', 'news')
  reader.call('PSUBSCRIBE', 'orders:*')
  await guest.call('TESTING', 'SPACE', 'w1')
  await guest.call('SET', 'inner', '1')
  for (const line of [['SNAPSHOT', 'fixture'], ['FORK'], ['FAULT', 'ADD', 'slow', 'COMMAND', 'HGETALL', 'KEY', 'user:*', 'DO', 'DELAY', '50']]) await full.client.call('TESTING', ...line)
  await full.client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '0')
  await full.client.call('GET', 'greeting')
  await full.client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '10000')
  empty = await start()
})

after(async () => {
  await browser?.close()
  for (const c of full?.others ?? []) c.close()
  await full?.close()
  await empty?.close()
})

// open opens the inspector of a server. What goes wrong on the page, or leaves the
// machine, fails the test at the end.
async function open(t, server, path = '/', options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  context.setDefaultTimeout(patience)
  const troubles = []
  await context.route('**/*', route => {
    const url = new URL(route.request().url())
    if (url.origin === server.page) return route.continue()
    troubles.push('a request to ' + url)
    return route.abort()
  })
  await context.addInitScript(token => { if (!localStorage.getItem('token')) localStorage.setItem('token', token) }, server.token)
  const page = await context.newPage()
  page.on('pageerror', err => troubles.push(String(err)))
  page.on('console', m => { if (m.type() === 'error' && !/status of (404|403)|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_REFUSED/.test(m.text())) troubles.push(m.text()) })
  page.on('dialog', d => { troubles.push('a dialog: ' + d.message()); d.dismiss() })
  t.after(async () => {
    await context.close()
    assert.deepEqual(troubles, [])
  })
  await go(page, server, path)
  return page
}

// go opens a path and waits until the page is there.
async function go(page, server, path) {
  await page.goto(server.page + path)
  await shown(page)
}

async function shown(page) {
  await page.waitForSelector('main h1, main > .empty, main .page > .empty').catch(async err => { throw new Error(page.url() + ': ' + await page.content(), { cause: err }) })
}

// violations are what axe finds, by all of its rules or some.
async function violations(page, ...rules) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe)
  return page.evaluate(async rules => {
    await Promise.all(document.getAnimations().map(a => a.finished.catch(() => {})))
    const found = await axe.run(document, { resultTypes: ['violations'], ...rules.length && { runOnly: rules } })
    return found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 120) + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join('; ')}`)
  }, rules)
}

for (const [name, server, paths] of [['full', () => full, pages], ['empty', () => empty, pages.filter(p => !p.startsWith('/key?'))]]) {
  test(`every page of a server that is ${name} renders, is accessible, and fits a phone`, async t => {
    const page = await open(t, server())
    for (const path of paths) {
      if (path !== '/') await go(page, server(), path)
      assert.equal(await page.getByText('does not answer as expected').count(), 0, path)
      await page.waitForSelector('.state.on')
      for (const [colorScheme, ...rules] of [['light'], ['dark', 'color-contrast']]) { // the theme changes colours only
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        assert.deepEqual(await violations(page, ...rules), [], `${path}, ${colorScheme}`)
      }
      await page.setViewportSize({ width: 390, height: 844 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.ok(wide <= 0, `${path} is ${wide} pixels too wide for a phone`)
      await page.setViewportSize({ width: 1280, height: 860 })
    }
  })
}

test('empty pages say what to do next', async t => {
  const page = await open(t, empty)
  for (const [path, next] of [['/', 'redis-cli'], ['/keys', 'redis-cli'], ['/clients', 'BLPOP'], ['/commands', 'redis-cli'], ['/slow', 'CONFIG SET'], ['/pubsub', 'SUBSCRIBE'], ['/scripts', 'FUNCTION LOAD'], ['/testing', '--testing'], ['/key?key=x', 'as soon as it is written']]) {
    await go(page, empty, path)
    await page.locator('.empty', { hasText: next }).first().waitFor()
  }
})

test('a URL with a token opens the page, and without one it asks', async t => {
  const context = await browser.newContext()
  t.after(() => context.close())
  const page = await context.newPage()
  await page.goto(full.page + '/keys')
  await page.getByLabel('The URL, or its token').fill(full.inspector)
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('heading', { name: 'Keys' }).waitFor()
  assert.equal(page.url(), full.page + '/keys')
  const other = await browser.newContext()
  t.after(() => other.close())
  const first = await other.newPage()
  await first.goto(full.inspector)
  await first.getByRole('heading', { name: 'Overview' }).waitFor()
  assert.equal(new URL(first.url()).hash, '', 'the token stays in the address')
})

test('commands appear as they run, and the filter holds', async t => {
  const page = await open(t, full, '/commands')
  await page.waitForSelector('.feed[aria-busy=false]')
  await full.client.call('SET', 'feed:1', 'one')
  await page.locator('.feed li', { hasText: 'feed:1 one' }).waitFor()
  await page.getByLabel('Words that occur').fill('feed: -ping')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.waitForURL(/filter=feed/)
  await page.waitForSelector('.feed[aria-busy=false] .none')
  await full.client.call('SET', 'other', 'x')
  await full.client.call('SET', 'feed:2', 'two')
  await page.locator('.feed li', { hasText: 'feed:2 two' }).waitFor()
  assert.equal(await page.locator('.feed li', { hasText: 'other' }).count(), 0)
  await page.getByRole('button', { name: 'Pause' }).click()
  await full.client.call('SET', 'feed:3', 'three')
  await page.getByText('1 wait').waitFor()
  assert.equal(await page.locator('.feed li', { hasText: 'feed:3' }).count(), 0)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.locator('.feed li', { hasText: 'feed:3' }).waitFor()
})

test('keys appear and go by themselves', async t => {
  const page = await open(t, full, '/keys?match=self*')
  await page.getByText('No key matches.').waitFor()
  await full.client.call('SET', 'self:made', '1')
  await page.locator('.leaf', { hasText: 'made' }).waitFor()
  await full.client.call('DEL', 'self:made')
  await page.getByText('No key matches.').waitFor()
})

test('the clock moves, and a key is gone at its time', async t => {
  const server = await start('--testing')
  t.after(() => server.close())
  await server.client.call('TESTING', 'CLOCK', 'FREEZE')
  await server.client.call('SET', 'session', 'ann', 'EX', 3600)
  await server.client.call('SET', 'stays', 'x')
  const list = await open(t, server, '/keys')
  await list.locator('.leaf', { hasText: 'session' }).waitFor()
  const controls = await open(t, server, '/testing')
  const slider = controls.getByLabel('How far')
  // By the keyboard alone: 30 minutes with the slider, twice.
  for (const [left, remains] of [['30m', 1], ['', 0]]) {
    await slider.focus()
    for (let i = 0; i < 8; i++) await slider.press('ArrowRight')
    await controls.locator('#by', { hasText: '30m' }).waitFor()
    await controls.getByRole('button', { name: 'Move the clock' }).press('Enter')
    await list.locator('.leaf', { hasText: 'session' }).filter(left ? { hasText: left } : {}).waitFor({ state: remains ? 'visible' : 'detached' })
  }
  await list.locator('.leaf', { hasText: 'stays' }).waitFor()
  await controls.getByRole('button', { name: 'Let it run' }).click()
  await controls.getByText(/Running, \d+m.* ahead of the real time/).waitFor()
})

test('a read-only server is not changed, by whatever the page sends', async t => {
  const server = await start()
  t.after(() => server.close())
  await server.client.call('SET', 'k', 'v')
  const page = await open(t, server, '/key?key=k')
  await page.getByText('Time to live').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Delete' }).count(), 0)
  const status = await page.evaluate(async () => {
    const { request } = await import('/api.js')
    try { await request('do', {}, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"args":["DEL","k"]}' }) } catch (err) { return [err.status, err.message] }
  })
  assert.equal(status[0], 403)
  assert.match(status[1], /read-only/)
  assert.equal(await server.client.call('GET', 'k'), '$1\r\nv\r\n')
})

test('a server with test controls can be changed', async t => {
  const page = await open(t, full, '/key?key=user:2')
  await page.getByLabel('Field', { exact: true }).fill('city')
  await page.getByLabel('Value', { exact: true }).fill('Ulm')
  await page.getByRole('button', { name: 'Set a field' }).click()
  await page.getByRole('row', { name: 'city Ulm' }).waitFor()
  await page.getByLabel('Seconds to live').fill('500')
  await page.getByRole('button', { name: 'Set', exact: true }).click()
  await page.locator('.facts', { hasText: '8m' }).waitFor()
  await page.getByRole('button', { name: 'Delete the key' }).click()
  await page.getByRole('button', { name: 'Really delete it?' }).click()
  await page.getByText('There is no such key.').waitFor()
  assert.equal(await full.client.call('EXISTS', 'user:2'), ':0\r\n')

  await go(page, full, '/testing')
  await page.getByLabel('Command').fill('MGET greeting "no such"')
  await page.getByLabel('Command').press('Enter')
  await page.getByText('1) "hello, world"\n2) (nil)').waitFor()
  await page.getByLabel('Rule').fill('COMMAND GET KEY nothing DO ERROR "ERR no"')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByText('a fault is called').or(page.getByText('DO ERROR')).first().waitFor()
  await page.getByRole('button', { name: 'Go back to fixture' }).click()
  await page.getByText('The server is what it was.').waitFor()
  assert.equal(await full.client.call('EXISTS', 'user:2'), ':1\r\n')
})

test('a space has its own pages', async t => {
  const page = await open(t, full, '/testing')
  await page.getByRole('link', { name: 'w1' }).click()
  await page.getByText('space w1').waitFor()
  await page.getByRole('link', { name: 'Keys', exact: true }).first().click()
  await page.locator('.leaf', { hasText: 'inner' }).waitFor()
})

test('hostile keys and values are text', async t => {
  const server = await start('--testing')
  t.after(() => server.close())
  const hostile = ['<img src=x onerror="window.hit=1">', '<script>window.hit=1</script>', 'a"><b onmouseover=window.hit=1>', 'javascript:window.hit=1', '\u202Eevil', '__proto__:x', 'constructor', '%3Cb%3E', 'a/../../b', '   ', '']
  for (const k of hostile) {
    await server.client.call('SET', k, k)
    await server.client.call('HSET', 'h', k, k)
    await server.client.call('RPUSH', 'l', k)
  }
  await server.client.call('SET', Buffer.from([0xff, 0xfe, 0x00, 0x3c]), Buffer.from([0, 1, 0xff]))
  await server.client.call('CLIENT', 'SETNAME', '<b>name</b>')
  const page = await open(t, server, '/keys')
  for (const k of [hostile[0], hostile[1], hostile[2]]) await page.locator('.leaf', { hasText: k }).waitFor()
  const links = await page.locator('a.leaf').evaluateAll(all => all.map(a => a.getAttribute('href')))
  assert.equal(links.length, hostile.length + 3)
  for (const to of links) {
    await go(page, server, to)
    assert.equal(await page.getByText('There is no such key').count(), 0, to)
  }
  await page.goto(server.page + '/commands')
  await page.waitForSelector('.feed[aria-busy=false]')
  await server.client.call('GET', hostile[0])
  await page.locator('.feed li', { hasText: '<img src=x onerror' }).waitFor()
  await go(page, server, '/clients')
  await page.getByText('<b>name</b>').waitFor()
  assert.equal(await page.evaluate(() => window.hit), undefined)
  assert.equal(await page.locator('main img, main script, main b[onmouseover]').count(), 0)
})

test('another origin or name gets nothing', async t => {
  const site = createServer((_, w) => { w.setHeader('Content-Type', 'text/html'); w.end('<!doctype html><title>another</title>') })
  await new Promise(resolve => site.listen(0, '127.0.0.1', resolve))
  t.after(() => site.close())
  const context = await browser.newContext()
  t.after(() => context.close())
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${site.address().port}/`)
  const got = await page.evaluate(async ({ base, token }) => {
    const answers = []
    for (const [path, options] of [['/api/keys', { headers: { Authorization: 'Bearer ' + token } }], ['/api/keys', {}], ['/', {}], ['/app.js', {}],
      ['/api/do', { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body: '{"args":["FLUSHALL"]}' }]]) {
      try {
        const r = await fetch(base + path, options)
        answers.push(r.type === 'opaque' ? 'nothing' : await r.text())
      } catch { answers.push('nothing') }
    }
    const frame = document.createElement('iframe')
    frame.src = base + '/'
    document.body.append(frame)
    await new Promise(resolve => { frame.onload = resolve })
    try { answers.push(frame.contentDocument?.body.textContent ?? 'nothing') } catch { answers.push('nothing') }
    return answers
  }, { base: full.page, token: full.token })
  assert.deepEqual(new Set(got), new Set(['nothing']))
  const port = new URL(full.page).port
  for (const path of ['/', '/app.js', '/api/keys', '/#token=' + full.token]) {
    const answer = await page.goto(`http://evil.example:${port}${path}`)
    if (answer) assert.equal(answer.status(), 403, path)
    assert.doesNotMatch(await page.content(), /resp-server/, path)
  }
  assert.notEqual(await full.client.call('DBSIZE'), ':0\r\n')
})

test('everything can be done by the keyboard', async t => {
  const page = await open(t, full)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page')
  const names = ['Overview', 'Keys', 'Clients', 'Commands', 'Slow log & latency', 'Pub/Sub', 'Scripts & functions', 'Settings & users', 'Testing']
  for (const [i, name] of names.entries()) {
    await page.keyboard.press(String(i + 1))
    await page.getByRole('heading', { name, level: 1 }).waitFor()
    assert.equal(await page.locator('nav [aria-current=page]').textContent(), name)
  }
  await page.keyboard.press('2')
  await page.getByRole('heading', { name: 'Keys', level: 1 }).waitFor()
  await page.waitForSelector('.leaf')
  await page.keyboard.press('/')
  await page.keyboard.type('user:1')
  await page.keyboard.press('Enter')
  await page.waitForURL(/match=user/)
  await page.waitForSelector('.leaf')
  await page.locator('.tree summary').first().focus()
  await page.keyboard.press('ArrowLeft') // closes the branch
  assert.equal(await page.locator('.leaf:visible').count(), 0)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter') // opens the key
  await page.getByRole('heading', { name: 'user:1', level: 1 }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'Keys', level: 1 }).waitFor()
  assert.equal(await page.getByLabel('Pattern or beginning').inputValue(), 'user:1*')
  await page.goForward()
  await page.getByRole('heading', { name: 'user:1', level: 1 }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor()
  assert.deepEqual(await violations(page), [])
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // Every control can be reached, and shows that it has the focus.
  await page.keyboard.press('9')
  await page.getByRole('heading', { name: 'Testing', level: 1 }).waitFor()
  await page.waitForSelector('.page-testing input[type=range]')
  const left = () => page.evaluate(() => {
    window.reached ??= new Set()
    return [...document.querySelectorAll('a, button, input, select, summary')].filter(el => el.offsetParent && !el.disabled && !window.reached.has(el.outerHTML)).map(el => el.outerHTML)
  })
  for (let i = (await left()).length + 30; i > 0 && (await left()).length > 0; i--) {
    await page.keyboard.press('Tab')
    const hidden = await page.evaluate(() => {
      const el = document.activeElement
      window.reached.add(el.outerHTML) // the page may put another one in its place
      return el !== document.body && getComputedStyle(el).outlineStyle === 'none' && el.outerHTML.slice(0, 100)
    })
    assert.equal(hidden, false, 'the focus can be seen')
  }
  assert.deepEqual(await left(), [], 'every control is reached')
})

test('the theme stays as it is chosen', async t => {
  const page = await open(t, full, '/', { colorScheme: 'light' })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.getByRole('button', { name: 'Theme' }).click()
  await page.getByRole('button', { name: 'Theme' }).click()
  assert.equal(await page.getByRole('button', { name: 'Theme' }).textContent(), 'Theme: dark')
  assert.notEqual(await ground(), light)
  await page.reload()
  await shown(page)
  assert.notEqual(await ground(), light)
})

const pictures = async t => {
  const server = await start('--testing', '--spaces', 'yes')
  t.after(() => server.close())
  await fill(server.client)
  const others = [await connect(server.port), await connect(server.port)]
  t.after(() => others.forEach(c => c.close()))
  await others[0].call('CLIENT', 'SETNAME', 'worker')
  others[0].call('BLPOP', 'queue:jobs', '0')
  others[1].call('SUBSCRIBE', 'news')
  await server.client.call('TESTING', 'SNAPSHOT', 'fixture')
  await server.client.call('TESTING', 'FAULT', 'ADD', 'slow', 'COMMAND', 'HGETALL', 'DO', 'DELAY', '50')
  let n = 0
  const traffic = setInterval(() => {
    const some = 12 + 10 * Math.sin(n / 25) + Math.random() * 8
    for (let i = 0; i < some; i++) {
      n++
      server.client.call('HGET', `user:${1 + n % 14}`, 'name')
      if (n % 3 === 0) server.client.call('INCR', 'counter:visits')
      if (n % 7 === 0) server.client.call('GET', `session:${n}`)
      if (n % 11 === 0) server.client.call('ZINCRBY', 'board:weekly', '1', 'dora')
      if (n % 97 === 0) server.client.call('LPOP', 'greeting')
    }
  }, 100)
  t.after(() => clearInterval(traffic))
  const page = await open(t, server, '/', { viewport: { width: 1200, height: 780 } })
  const take = (name, options) => page.screenshot({ path: `../../docs/inspector/${name}.png`, ...options })
  await page.waitForTimeout(45_000) // for the charts to have something to show
  await take('overview')
  await page.emulateMedia({ colorScheme: 'dark' })
  await take('overview-dark')
  await page.setViewportSize({ width: 390, height: 780 })
  await take('overview-phone')
  for (const [name, path, colorScheme, phone] of [['keys', '/keys', 'light'], ['keys-phone', '/keys', 'dark', true], ['key', '/key?key=orders', 'light'], ['commands', '/commands', 'dark'], ['clients', '/clients', 'light'], ['testing', '/testing', 'light']]) {
    await page.setViewportSize(phone ? { width: 390, height: 780 } : { width: 1200, height: 780 })
    await page.emulateMedia({ colorScheme })
    await go(page, server, path)
    await page.waitForTimeout(2000)
    if (name === 'testing') await page.getByRole('button', { name: '+ 1h' }).click()
    if (name === 'testing') await page.waitForTimeout(4000)
    await take(name)
  }
}
if (process.env.RESP_SERVER_UPDATE === '1') test('pictures', pictures)
