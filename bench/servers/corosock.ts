// Echo as a conversation, with every option at its default.

import { serve } from 'corosock';
import { echoHandler } from '../echo-handler.ts';
import { answerForServer } from '../server-answers.ts';

const host = await serve(echoHandler);
answerForServer(host.port);
