import api from './index.js'

export const { start, workerUrl, findBinary, ReplyError, StartError } = api
