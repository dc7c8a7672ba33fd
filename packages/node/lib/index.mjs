import api from './index.js'

export const { start, findBinary, ReplyError, StartError } = api
