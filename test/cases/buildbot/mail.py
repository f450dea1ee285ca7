"""mail.py ADDRESS PORT FILE: a mail server that delivers nothing: each connection and each line
that it is sent goes to FILE."""
import socketserver
import sys

ADDRESS, PORT, FILE = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Conversation(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        self.note('connection from ' + self.client_address[0])
        self.say('220 mail')
        in_data = False
        while read := self.rfile.readline():
            line = read.decode('utf-8', 'replace').rstrip('\r\n')
            self.note(line)
            if in_data:
                in_data = line != '.'
                if not in_data:
                    self.say('250 taken')
            elif line.upper() == 'DATA':
                in_data = True
                self.say('354 go on')
            elif line.upper() == 'QUIT':
                self.say('221 bye')
                return
            else:
                self.say('250 ok')

    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    @staticmethod
    def note(text):
        with open(FILE, 'a', encoding='utf-8') as file:
            print(text, file=file)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server((ADDRESS, PORT), Conversation) as server:
    open(FILE, 'a', encoding='utf-8').close()
    server.serve_forever()
