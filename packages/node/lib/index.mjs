import api from './index.js'

export const { start, connect, workerUrl, failOnWarnings, findBinary, ReplyError, StartError, StrictError } = api
