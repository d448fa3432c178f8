throw Object.assign(new Error('this module cannot be imported'), { code: 'ERR_BROKEN' })
