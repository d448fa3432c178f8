#!/usr/bin/env node
import '../dist/fishd.js'
